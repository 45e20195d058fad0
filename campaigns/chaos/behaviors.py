"""What the service and S3 are like for a while: the kinds of spells of a plan."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from campaigns.chaos.plan import Spell

# How late a job may appear in the list: less than a retry's delay, else the retry cannot find it.
MAX_LATE_SECONDS = 15.0
# Clocks may differ by ten minutes.
MAX_OFFSET_SECONDS = 300.0


@dataclass(frozen=True)
class Behavior:
    """Changes of `ListBehavior`, of the emulator's `Settings` and of the S3's `Store`."""

    listing: Mapping[str, Any] = field(default_factory=dict)
    settings: Mapping[str, Any] = field(default_factory=dict)
    store: Mapping[str, Any] = field(default_factory=dict)


_NAMES = ("append:.opus", "upper", "dashes:-", "dashes:_", "copy", "percent", "cut:32")
BEHAVIORS: dict[str, Sequence[Behavior]] = {
    "late list": [Behavior({"late_seconds": seconds}) for seconds in (5.0, MAX_LATE_SECONDS)],
    "renamed": [Behavior({"names": [name]}) for name in _NAMES],
    "unnamed": [Behavior({"names": [name]}) for name in ("missing", "null", "empty")],
    "short pages": [Behavior({"page_limit": limit}) for limit in (10, 50)],
    "wrong total": [
        Behavior(change) for change in ({"total_off_by": 40}, {"total_off_by": -40}, {"total_missing": True})
    ],
    "shuffled": [Behavior(settings={"list_order": order}) for order in ("oldest", "shuffled", "reshuffled")],
    "clock": [
        Behavior(settings={"clock_offset_seconds": seconds}) for seconds in (-MAX_OFFSET_SECONDS, MAX_OFFSET_SECONDS)
    ],
    "metadata case": [Behavior(store={"metadata_names": names}) for names in ("capitalized", "upper")],
}


def behavior_of(spell: Spell) -> Behavior:
    """How things are while a spell lasts."""
    variants = BEHAVIORS[spell.kind]
    return variants[int(spell.draw * len(variants))]
