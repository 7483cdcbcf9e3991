"""Posts and grades: the places and the ladder, without the people on them."""
