"""How much of each kind, in which order, and when: amounts without luck, order and moments with it."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping, Sequence
from typing import TypeVar

T = TypeVar("T")
E = TypeVar("E")


def shares(total: int, weights: Mapping[str, int]) -> dict[str, int]:
    """`total` divided by weights, exactly and as evenly as whole numbers allow; each gets one at least.

    :raises ValueError: there are more weights than that.
    """
    if total < len(weights):
        raise ValueError(f"{total} cannot give one to each of {len(weights)}")
    spare = total - len(weights)
    exact = {kind: spare * weight / sum(weights.values()) for kind, weight in weights.items()}
    found = {kind: int(share) for kind, share in exact.items()}
    left = spare - sum(found.values())
    for kind in sorted(exact, key=lambda kind: found[kind] - exact[kind])[:left]:
        found[kind] += 1
    return {kind: 1 + share for kind, share in found.items()}


def ordered(chance: random.Random, counts: Mapping[str, int]) -> list[str]:
    """As many of each kind as there are to be, in a random order."""
    kinds = [kind for kind, count in counts.items() for _ in range(count)]
    chance.shuffle(kinds)
    return kinds


def spread(
    chance: random.Random, things: Sequence[T], begin: float, end: float, make: Callable[[float, T], E]
) -> tuple[E, ...]:
    """One thing in each of as many equal spans of time, at a random moment of its span."""
    span = (end - begin) / len(things)
    return tuple(
        make(round(begin + (number + chance.uniform(0.0, 0.9)) * span, 2), thing) for number, thing in enumerate(things)
    )
