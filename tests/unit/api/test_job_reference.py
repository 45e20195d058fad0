"""References: the same for ever, and readable in any file name that a user may have."""

from __future__ import annotations

import os
import re
import unicodedata

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from airflow_provider_fluxions.api.job_reference import (
    carries,
    filename_with_reference,
    filename_without_reference,
    reference,
    reference_in,
    references_in,
    stem_without_reference,
)
from tests.unit.fakes import MARK, REF


@pytest.mark.parametrize(
    ("parts", "digits"),
    [
        ((), "4f53cda18c2baa0c"),
        (("dag", "run", "task", -1, "s3://b/k.mp3", "etag", False, True), "617c4571831a2fe3"),
        (("größe", None), "54ec569a22b27b1e"),
    ],
)
def test_references_never_change(parts: tuple[str | int | bool | None, ...], digits: str) -> None:
    """They are compared across versions of this package: a job of yesterday must be found by tomorrow's release."""
    assert reference(*parts) == digits


def test_parts_are_told_apart_by_place_type_and_border() -> None:
    different = [
        ("a", "b"),
        ("b", "a"),
        ("ab", ""),
        ("a,b",),
        ('a","b',),
        (1,),
        ("1",),
        (True,),
        ("true",),
        (None,),
        (),
    ]
    assert len({reference(*parts) for parts in different}) == len(different)


def test_a_part_that_is_no_unicode_text_has_a_reference_too() -> None:
    assert len(reference("s3://bucket/\udcff.mp3")) == 16


@pytest.mark.parametrize(
    ("filename", "marked"),
    [
        ("interview.mp3", f"interview{MARK}.mp3"),
        ("my interview.mp3", f"my interview{MARK}.mp3"),
        ("  spaced .mp3", f"spaced{MARK}.mp3"),
        ("Gespräch.mp3", f"Gespräch{MARK}.mp3"),
        ("Gespra\u0308ch.mp3", f"Gespräch{MARK}.mp3"),
        ("会議.wav", f"会議{MARK}.wav"),
        ("\"my\" 'name'.mp3", f"\"my\" 'name'{MARK}.mp3"),
        ("folder/name.mp3", f"name{MARK}.mp3"),
        ("C:\\folder\\name.mp3", f"name{MARK}.mp3"),
        ("folder/name.mp3/", f"name{MARK}.mp3"),
        ("no extension", f"no extension{MARK}"),
        ("archive.tar.gz", f"archive.tar{MARK}.gz"),
        (".hidden", f".hidden{MARK}"),
        (".mp3", f".mp3{MARK}"),
        ("dot.", f"dot.{MARK}"),
        ("..", f"..{MARK}"),
        ("", f"audio{MARK}"),
        ("///", f"audio{MARK}"),
        ("\x00\x1f", f"audio{MARK}"),
        ("tab\tand\nline.mp3", f"tab and line{MARK}.mp3"),
        ("lone \udcff byte.mp3", f"lone   byte{MARK}.mp3"),
        ("Mr. Smith and I", f"Mr. Smi~nd I{MARK}"),
        ("a.b c", f"a.b c{MARK}"),
        ("x.averyveryverylongextension", f"x.avery~sion{MARK}"),
        ("100%&?#.mp3", f"100%&?#{MARK}.mp3"),
    ],
)
def test_a_marked_name_stays_readable(filename: str, marked: str) -> None:
    assert filename_with_reference(filename, REF) == marked


def test_both_unicode_forms_of_a_name_give_one_name() -> None:
    forms = [unicodedata.normalize(form, "Gespräch über Öl.mp3") for form in ("NFC", "NFD")]
    assert len({filename_with_reference(name, REF) for name in forms}) == 1


def test_a_long_name_keeps_its_beginning_its_end_its_reference_and_its_extension() -> None:
    assert filename_with_reference("customer-call-2026-03-02-0042.mp3", REF) == f"custome~0042{MARK}.mp3"


def test_a_long_name_is_cut_between_characters() -> None:
    assert filename_with_reference("ü" * 300, REF) == f"{'ü' * 7}~{'ü' * 4}{MARK}"


def test_a_cut_leaves_no_accent_without_its_letter() -> None:
    assert filename_with_reference("0123456789abcd\u0323\u0301xyz", REF) == f"0123456~xyz{MARK}"


def test_of_two_references_in_a_name_the_last_one_counts() -> None:
    other = "0123456789abcdef"
    assert reference_in(f"call--{other}{MARK}.mp3") == REF
    assert references_in(f"call--{other}{MARK}.mp3") == {other, REF}


@pytest.mark.parametrize(
    "filename",
    [
        REF,
        f"interview-{REF}.mp3",
        f"interview_{REF}.mp3",
        f"interview__{REF}.mp3",
        f"interview{REF}.mp3",
        f"interview--{REF.upper()}.mp3",
        f"interview{MARK}.mp3 copy.mp3",
        f"interview{MARK}.mp3.opus",
        f"interview{MARK}.mp3\n",
        f"interview{MARK} (1).mp3",
        f"interview{MARK}x.mp3",
    ],
)
def test_a_reference_is_found_in_a_name_that_the_service_changed(filename: str) -> None:
    assert reference_in(filename) == REF
    assert carries(filename, REF)


@pytest.mark.parametrize(
    "filename",
    [
        None,
        "",
        "interview.mp3",
        f"interview{MARK}0.mp3",
        f"interview--a{REF}.mp3",
        f"interview--{REF[:-1]}.mp3",
        f"interview--{REF[:8]}-{REF[8:]}.mp3",
        f"interview--{REF.replace('9', chr(0xFF19))}.mp3",
        f"{'0123456789abcdef' * 4}.mp3",
    ],
)
def test_anything_but_exactly_16_hex_digits_is_no_reference(filename: str | None) -> None:
    assert reference_in(filename) is None
    assert references_in(filename) == frozenset()
    assert not carries(filename, REF)


def test_a_call_number_of_16_digits_is_a_name_and_not_taken_for_a_reference() -> None:
    assert reference_in("call-2026112719260001.mp3") is None
    assert filename_without_reference("call-2026112719260001.mp3") == "call-2026112719260001.mp3"


@pytest.mark.parametrize(
    ("filename", "name"),
    [
        (f"interview{MARK}.mp3", "interview.mp3"),
        (f"interview{MARK}.mp3.opus", "interview.mp3"),
        (f"INTERVIEW--{REF.upper()}.MP3", "INTERVIEW.MP3"),
        (f"interview__{REF}.mp3", "interview.mp3"),
        (f"interview{MARK} (1).mp3", "interview.mp3"),
        (f"interview{MARK}", "interview"),
        ("foreign.mp3", "foreign.mp3"),
    ],
)
def test_a_name_is_shown_without_its_reference(filename: str, name: str) -> None:
    assert filename_without_reference(filename) == name


def test_of_two_references_in_a_name_the_last_one_is_removed() -> None:
    name = f"call--0123456789abcdef{MARK}.mp3"
    assert filename_without_reference(name) == "call--0123456789abcdef.mp3"
    assert stem_without_reference(name) == "call--0123456789abcdef"


@pytest.mark.parametrize(
    ("filename", "stem"),
    [
        (f"interview{MARK}.mp3", "interview"),
        (f"no extension{MARK}", "no extension"),
        ("foreign.mp3", "foreign"),
        ("foreign", "foreign"),
        (".mp3", ".mp3"),
        ("folder/foreign.mp3", "folder_foreign"),
        (MARK, "audio"),
        (None, "audio"),
    ],
)
def test_the_users_name_is_found_again(filename: str | None, stem: str) -> None:
    assert stem_without_reference(filename) == stem


@given(st.text(max_size=400), st.tuples(st.text(), st.integers()))
@example("a.\u0301", ("", 0))
@example("e\u0301" * 200 + ".\u3000x", ("", 0))
@example("x.\u2028", ("", 0))
@example("\ud800.\udfff", ("", 0))
def test_every_name_carries_its_reference_in_bounds(filename: str, parts: tuple[str, int]) -> None:
    ref = reference(*parts)
    marked = filename_with_reference(filename, ref)
    assert reference_in(marked) == ref
    assert carries(marked[:32], ref), "cut at 32 characters"
    assert carries(marked.encode()[:64].decode(errors="ignore"), ref), "cut at 64 bytes"
    assert not any(unicodedata.category(char)[0] == "C" for char in marked)


EDITS = {
    "append": lambda name: f"{name}.opus",
    "capitals": str.upper,
    "one dash": lambda name: name.replace("--", "-"),
    "underscores": lambda name: name.replace("-", "_"),
    "safe characters": lambda name: re.sub(r"[^A-Za-z0-9.]", "_", name),
    "cut at 32": lambda name: name[:32],
    "cut at 64": lambda name: name[:64],
    "cut at 100": lambda name: name[:100],
    "cut at 128": lambda name: name[:128],
    "a copy": lambda name: " (1)".join(os.path.splitext(name)),
    "a folder": lambda name: f"uploads/{name}",
    "a number in front": lambda name: f"1764271_{name}",
}


@given(
    st.text(max_size=80),
    st.integers(),
    st.lists(st.sampled_from([edit for edit in EDITS if edit not in ("a folder", "a number in front")]), max_size=3),
    st.sampled_from([None, "a folder", "a number in front"]),
)
def test_a_reference_survives_what_services_do_to_names(
    filename: str, number: int, edits: list[str], last: str | None
) -> None:
    ref = reference("property", number)
    name = filename_with_reference(filename, ref)
    for edit in [*edits, *([last] if last else [])]:
        name = EDITS[edit](name)
    assert carries(name, ref)
    assert not carries(name, reference("another", number))
