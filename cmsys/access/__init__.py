"""Vocabulary of access: roles, functions and how far each role reaches. Pure declarations, at the bottom of the house.

A *function* is something a person may do (view managers, edit a unit). Each room declares its functions in its own
`permissions.py`; `reach` says, role by role, how far it goes. A role is always held together with a unit (and perhaps
a business line): reach is evaluated pair by pair, never as a union of roles times a union of units.
"""
