"""客户往来: contracts, transactions and opportunities, and their sums per manager and customer."""
