"""Writing ratings: a sheet is given and taken back."""
