"""What a clone installs is what was tried: each pin has the hashes of its files."""

from __future__ import annotations

import pytest

from harness.hashes import STORE, parse, pin_files, pins, read, with_hashes

A, B = "a" * 64, "b" * 64


def test_every_pin_has_hashes() -> None:
    hashes = read(STORE.read_text())
    lacking = {
        f"{path.name}: {pin}" for path in pin_files() for pin, _ in pins(path.read_text()) if not hashes.get(pin)
    }
    assert lacking == set(), "run scripts/pin --hashes"


def test_no_hashes_are_kept_of_pins_that_are_gone() -> None:
    wanted = {pin for path in pin_files() for pin, _ in pins(path.read_text())}
    assert read(STORE.read_text()).keys() - wanted == set(), "run scripts/pin --hashes"


def test_a_pin_keeps_its_marker_beside_its_hashes() -> None:
    text = "# why\none==1\ntwo==2 ; python_version < '3.12'\n"
    assert with_hashes(text, {"one==1": [A], "two==2": [A, B]}) == (
        f"one==1 --hash=sha256:{A}\ntwo==2 ; python_version < '3.12' --hash=sha256:{A} --hash=sha256:{B}\n"
    )


def test_a_pin_without_hashes_is_refused() -> None:
    with pytest.raises(KeyError, match="two==2"):
        with_hashes("one==1\ntwo==2\n", {"one==1": [A]})


def test_the_hashes_that_uv_prints_are_read() -> None:
    assert parse(f"one==1 \\\n    --hash=sha256:{B} \\\n    --hash=sha256:{A}\n") == {"one==1": [A, B]}
