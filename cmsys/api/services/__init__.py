"""What is written for clients: they are made and revoked here, nowhere else."""
