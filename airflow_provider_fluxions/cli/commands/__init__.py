"""The commands: one module each, with ``run(options, screen)`` that returns the exit status."""
