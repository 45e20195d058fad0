"""What the tests of campaigns share."""

from __future__ import annotations

from harness import properties

properties.load_profiles()
