"""Which tier a customer belongs to, and why. Pure: no Django, no database, no clock; whole numbers throughout.

`document` reads a rule, every fault by its path; `ranking` is scores and tiers of everybody at once; `deciding` is what becomes of
a tier somebody has already: margin, runs in a row, limits, hands.
"""
