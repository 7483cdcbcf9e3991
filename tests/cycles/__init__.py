"""Pages of schemes and cycles."""
