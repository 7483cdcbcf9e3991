"""考核周期: a scheme applied to a period and a frozen population."""
