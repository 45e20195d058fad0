"""Campaigns: real Airflows whose parts are killed or crowded, and what is left of the work."""
