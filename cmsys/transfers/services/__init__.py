"""Writing batches: check, commit, discard, undo."""
