"""The allocation engine: pure, exact, the same plan for the same problem.

`problem` says it in the trade's words; `terms` and `rules` are the soft terms and the hard rules, one function each; `loads`
is equal use of capacity. `blocks` cuts out what is solved together, `pool` relaxes it on `flow` and `network`, `rounding`,
`polish` and `chains` make whole customers, `keys` prices a limit on key customers, `core` is the last resort; `bundle` is
what a worker runs, `plan` puts the bundles together. `explain`, `prices`, `curve`, `measures`, `relaxation`, `review`, `advice` answer
questions about a plan. The neutral document and pair-dependent effort stand beside: `document`, `gap`.
"""
