"""What the viewer remembers, and for how long."""

from __future__ import annotations

from airflow_provider_fluxions.viewer.cache import LruTtlCache


class Watch:
    """A clock that is set by hand."""

    seconds = 0.0

    def __call__(self) -> float:
        return self.seconds


def test_the_longest_unused_goes_first() -> None:
    shelf: LruTtlCache[str] = LruTtlCache(2)
    shelf.put("a", "A")
    shelf.put("b", "B")
    shelf.get("a")
    shelf.put("c", "C")
    assert (shelf.get("a"), shelf.get("b"), shelf.get("c")) == ("A", None, "C")


def test_weights_are_what_fills_it() -> None:
    shelf: LruTtlCache[str] = LruTtlCache(10)
    shelf.put("a", "A", 4)
    shelf.put("b", "B", 4)
    shelf.put("a", "a", 6)
    assert (shelf.get("a"), shelf.get("b")) == ("a", "B")
    shelf.put("c", "C", 5)
    assert (shelf.get("a"), shelf.get("b"), shelf.get("c")) == (None, "B", "C")


def test_the_latest_stays_whatever_it_weighs() -> None:
    shelf: LruTtlCache[str] = LruTtlCache(10)
    shelf.put("a", "A", 4)
    shelf.put("b", "B", 1_000)
    assert (shelf.get("a"), shelf.get("b")) == (None, "B")


def test_a_value_is_good_for_its_time() -> None:
    watch = Watch()
    shelf: LruTtlCache[str] = LruTtlCache(10, 60.0, watch)
    shelf.put("a", "A")
    watch.seconds = 59.0
    assert shelf.get("a") == "A"
    watch.seconds = 60.0
    assert shelf.get("a") is None
