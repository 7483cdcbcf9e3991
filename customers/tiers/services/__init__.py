"""Services of tier rules and runs."""
