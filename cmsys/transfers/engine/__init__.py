"""Pure part of imports: from the bytes of a file to checked, typed rows. No Django, no clock, no database."""
