"""Pure part: from the lines of a file to the text that COPY takes. No Django, no clock, no database."""
