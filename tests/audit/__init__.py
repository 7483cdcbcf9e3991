"""The proof of the ledger: against a real database, over several connections, as the application's role."""
