"""Resources of the rooms that stand below the API and cannot register their own."""
