"""客户分级规则与分级批次: rules as versioned documents, runs that propose, people who decide (CUS-3, NEW-3, ADR 0141)."""
