"""Everything fails for a while."""
