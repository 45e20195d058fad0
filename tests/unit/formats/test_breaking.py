"""Where lines end in any script: never within a grapheme cluster, never before a closing mark."""

# ruff: noqa: RUF001 - marks of other scripts that look like ASCII are what is tested

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise

import pytest
import regex
from hypothesis import example, given
from hypothesis import strategies as st

from airflow_provider_fluxions.api.models import Transcription
from airflow_provider_fluxions.formats.breaking import columns_of, first_columns, line_end, width_of, word_cut
from airflow_provider_fluxions.formats.captions import caption
from airflow_provider_fluxions.formats.limits import Limits

Make = Callable[..., Transcription]

THAI = "กำลังนั่งที่นี่เพื่อดื่มน้ำชาและพูดคุยกันเรื่องการเดินทางไปทะเลเมื่อปีที่แล้วกับเพื่อนสนิทของฉันที่กรุงเทพ"
JAPANESE = "昨日、東京でコーヒーを四十杯売りました。「なぜですか？」と誰も聞きませんでした。ちょっと待ってください。"
CHINESE = "昨天我们卖了四十个，没有人问为什么。“真的吗？”他说。（大家都笑了。）后来我们又卖了一百个！"
KOREAN = "우리는어제사십개를팔았습니다그런데아무도왜그런지묻지않았습니다정말이상한일이었습니다"
HINDI = "क्षत्रियस्त्रीणांकृत्स्नंप्रातःस्मरणीयंविद्यार्थियोंकेलिएअत्यन्तमहत्त्वपूर्णम्"
FAMILIES = "👩‍👩‍👧‍👦🇩🇪🏳️‍🌈👍🏽" * 12
SCRIPTS = {"thai": THAI, "japanese": JAPANESE, "chinese": CHINESE, "korean": KOREAN, "hindi": HINDI, "emoji": FAMILIES}
CLOSING = "、。，！？：；）」』】》”’…ー々ゃゅょっ,.!?:;)]}%"
OPENING = "（「『【《“‘([{"

PIECES = st.sampled_from(
    [*SCRIPTS.values(), "e\u0301", "\u200d", "。", "「", "word", " ", "«", "»", "?", "한국어", "\u1100\u1161\u11a8"]
)
TEXTS = st.lists(PIECES | st.text(max_size=4), max_size=12).map("".join).map(lambda text: " ".join(text.split()))


def lines_of(text: str, width: int, lines: int = 2, cue_ms: int = 60_000) -> list[str]:
    limits = Limits(width, lines, cue_ms)
    result = Transcription.from_json({"id": 1, "segments": [{"text": text, "start": 0, "end": 30}]})
    return [line for cue in caption(result, limits) for line in cue.lines]


@pytest.mark.slow
@pytest.mark.parametrize("text", SCRIPTS.values(), ids=SCRIPTS)
@pytest.mark.parametrize("cue_ms", [2_000, 60_000])
def test_no_line_of_any_script_breaks_a_rule(text: str, cue_ms: int) -> None:
    for width in range(10, 60):
        check_lines(text, width, cue_ms)


def check_lines(text: str, width: int, cue_ms: int) -> None:
    lines = lines_of(text, width, cue_ms=cue_ms)
    assert "".join(lines) == text
    assert [part for line in lines for part in regex.findall(r"\X", line)] == regex.findall(r"\X", text)
    assert all(width_of(line) <= width for line in lines)
    assert not any(line[0] in CLOSING or line[-1] in OPENING for line in lines)


def test_a_cue_that_lasts_too_long_ends_at_no_space_that_carries_a_mark() -> None:
    assert lines_of("one two \u0301three four", 42, cue_ms=11_000) == ["one", "two \u0301three", "four"]


@pytest.mark.slow
@given(TEXTS, st.integers(1, 50))
@example("\u0e33" * 100, 10)
@example("e" + "\u0301" * 500, 10)
@example("。" * 100, 10)
def test_no_cut_is_within_a_cluster(text: str, width: int) -> None:
    columns = columns_of(text)
    ends, begin = {0}, 0
    for cluster in regex.finditer(r"\X", text):
        ends.add(cluster.end())
    while begin < len(text):
        end = line_end(text, columns, begin, width) if width_of(text[begin:]) > width else len(text)
        assert begin < end <= len(text)
        assert end in ends
        begin = end + (text[end : end + 1] == " ")


@pytest.mark.slow
@given(TEXTS, st.integers(0, 60))
def test_the_beginning_of_a_text_is_at_most_as_wide_as_asked(text: str, width: int) -> None:
    start = first_columns(text, width)
    assert text.startswith(start)
    assert width_of(start) <= width
    assert regex.findall(r"\X", text)[: len(regex.findall(r"\X", start))] == regex.findall(r"\X", start)


@pytest.mark.parametrize(
    ("text", "columns"),
    [("abc", 3), ("Grüße", 5), ("e\u0301", 1), ("日本語", 6), ("ｱｲｳ", 3), ("กำ", 1),
     ("👩‍👩‍👧‍👦", 2), ("🇩🇪", 2), ("❤️", 2), ("한", 2),
     ("\u1112\u1161\u11ab", 2), ("", 0)],
)  # fmt: skip
def test_a_column_is_the_width_of_a_latin_letter(text: str, columns: int) -> None:
    assert width_of(text) == columns


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        ("Je me demande si vous reviendrez un matin ? Oui, bien sûr.",
         ["Je me demande si vous reviendrez un", "matin ? Oui, bien sûr."]),
        ("Elle a demandé, et puis il a répondu : « non »", ["Elle a demandé, et puis il a répondu :", "« non »"]),
        ("Et là il nous a dit avec un sourire : « jamais »", ["Et là il nous a dit avec un sourire :", "« jamais »"]),
        ("the number that they wrote down is exactly .5 of it",
         ["the number that they wrote down is exactly", ".5 of it"]),
    ],
)  # fmt: skip
def test_a_space_before_a_closing_mark_ends_no_line(text: str, lines: list[str]) -> None:
    assert lines_of(text, 42) == lines


def test_a_word_of_another_script_stays_whole_between_ideographs() -> None:
    text = "私たちは昨日東京のExampleCoffeeで四十杯のコーヒーを売りました"
    for width in range(19, 31):
        assert text[: line_end(text, columns_of(text), 0, width)] == "私たちは昨日東京の"


def test_no_full_stop_is_left_over_for_the_last_cue() -> None:
    for length in range(40, 46):
        assert len(lines_of("語" * length + "。", 42, 1)[-1]) > 1


def test_a_cue_of_one_speaker_name_of_many_people_keeps_whole_characters(make: Make) -> None:
    (cue,) = caption(make(("0", 0, 1, "hello")).named({"0": "👩‍👩‍👧‍👦" * 9}), Limits(20), "shown")
    assert cue.lines == ("👩‍👩‍👧‍👦" * 4 + ": hello",)


def test_a_cut_always_goes_on() -> None:
    for text in ("日" * 9, "x" * 9, "\u0301" * 9):
        assert word_cut(text, columns_of(text), 0, 0) > 0


def test_reading_speed_counts_wide_characters_twice(make: Make) -> None:
    limits = Limits(characters_per_second=10, linger_ms=60_000, cue_ms=60_000)
    wide, plain = (caption(make(("0", 0, 0.5, text)), limits) for text in ("日本語を話す", "x" * 12))
    assert wide[0].end_ms == plain[0].end_ms == 1200


def test_cues_of_text_without_spaces_follow_each_other_in_time(make: Make) -> None:
    cues = caption(make(("0", 0, 30, THAI)))
    assert all(before.end_ms == after.start_ms for before, after in pairwise(cues))
