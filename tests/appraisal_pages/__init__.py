"""The pages of score sheets and of the matrix."""
