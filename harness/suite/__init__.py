"""Runs the parts of the tests side by side and reports on all of them: `scripts/test` and `.ci/run`."""
