"""Accounts: who can sign in. What a person may do is held as grants in the organisation room."""
