"""What people do with a handover and with a first contact."""
