"""The ledger: one unchanged event row for each change, sealed into a chain of hashes. Lowest room that writes."""
