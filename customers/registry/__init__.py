"""客户主数据: customers, their contacts, and who looks after each of them on any day."""
