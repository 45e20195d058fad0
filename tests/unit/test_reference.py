"""References: the same for ever, and readable in any file name that a user may have."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from airflow_provider_fluxions.api.reference import (
    MAX_FILENAME_BYTES,
    marked_filename,
    reference,
    reference_in,
    unmarked_stem,
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
        ("\"quoted\" 'name'.mp3", f"\"quoted\" 'name'{MARK}.mp3"),
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
        ("Mr. Smith and I", f"Mr. Smith and I{MARK}"),
        ("a.b c", f"a.b c{MARK}"),
        ("x.averyveryverylongextension", f"x.averyveryverylongextension{MARK}"),
        ("100%&?#.mp3", f"100%&?#{MARK}.mp3"),
    ],
)
def test_a_marked_name_stays_readable(filename: str, marked: str) -> None:
    assert marked_filename(filename, REF) == marked


def test_both_unicode_forms_of_a_name_give_one_name() -> None:
    forms = [unicodedata.normalize(form, "Gespräch über Öl.mp3") for form in ("NFC", "NFD")]
    assert len({marked_filename(name, REF) for name in forms}) == 1


def test_a_long_name_is_cut_and_keeps_reference_and_extension() -> None:
    marked = marked_filename("x" * 300 + ".mp3", REF)
    assert marked.endswith(f"x{MARK}.mp3")
    assert len(marked) == MAX_FILENAME_BYTES


def test_a_long_name_is_cut_between_characters() -> None:
    assert set(marked_filename("ü" * 300, REF).removesuffix(MARK)) == {"ü"}


def test_of_two_references_in_a_name_the_last_one_counts() -> None:
    other = "0123456789abcdef"
    assert reference_in(marked_filename(f"interview--{other}.mp3", REF)) == REF


@pytest.mark.parametrize(
    "filename",
    [
        None,
        "",
        "interview.mp3",
        REF,
        f"interview-{REF}.mp3",
        f"interview{MARK}0.mp3",
        f"interview--{REF[:-1]}.mp3",
        f"interview--{REF.upper()}.mp3",
        f"interview{MARK}.mp3 copy.mp3",
        f"interview{MARK}.mp3\n",
        f"interview{MARK} .mp3",
    ],
)
def test_anything_but_an_exact_mark_is_no_reference(filename: str | None) -> None:
    assert reference_in(filename) is None


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
    assert unmarked_stem(filename) == stem


@given(st.text(max_size=400), st.tuples(st.text(), st.integers()))
@example("a.\u0301", ("", 0))
@example("e\u0301" * 200 + ".\u3000x", ("", 0))
@example("x.\u2028", ("", 0))
@example("\ud800.\udfff", ("", 0))
def test_every_name_carries_its_reference_in_bounds(filename: str, parts: tuple[str, int]) -> None:
    ref = reference(*parts)
    marked = marked_filename(filename, ref)
    assert reference_in(marked) == ref
    assert len(marked.encode()) <= MAX_FILENAME_BYTES
    assert not any(unicodedata.category(char)[0] == "C" for char in marked)
    assert unicodedata.normalize("NFC", marked) == marked
