"""Two hundred waits end at once."""
