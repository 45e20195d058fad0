"""What each command does: a module a command, with ``run(options, screen)`` that returns the exit status."""
