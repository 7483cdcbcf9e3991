"""The kernel's own pages: desk, units, accounts, grants, ledger, API clients, tasks. Above ui, below the domains."""
