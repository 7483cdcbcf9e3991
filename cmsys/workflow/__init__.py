"""States and their transitions as data, deadlines on the working calendar, and who must not decide."""
