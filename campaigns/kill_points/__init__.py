"""A task is killed at each point of its life."""
