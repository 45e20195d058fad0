"""One transcript: read, heard, searched, renamed, downloaded."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from tests.viewer import scenes
from tests.viewer.conftest import Serve
from tests.viewer.reading import click_word, coloured, position, segments, wait_for_all, wait_for_sound

# Elements of segments that are near the window, in a long transcript.
FEW = 700


def test_a_run_of_one_recording_shows_its_transcript_at_once(page: Page, serve: Serve) -> None:
    page.goto(serve(scenes.dialogue()).url)
    first = segments(page).first
    expect(first).to_have_text(
        "Speaker 00:00Good morning.[laugh] Did all the call recordings from last night arrive in the lake?"
    )
    expect(segments(page)).to_have_count(len(scenes.TURNS))
    expect(page.get_by_role("heading", name="calls/dialogue.mp3")).to_be_visible()
    expect(page.get_by_text("1 recording · 39 s of audio · cost 0.0021")).to_be_visible()


def test_a_click_on_a_word_seeks_to_it_and_colours_it(page: Page, serve: Serve) -> None:
    scene = scenes.dialogue()
    page.goto(serve(scene).url)
    click_word(segments(page).nth(2), "paying")
    expect(segments(page).nth(2)).to_have_attribute("aria-current", "true")
    (start,) = [start for word, start, _ in scene.transcripts[0]["segments"][2]["words"] if word == "paying"]
    assert position(page) == pytest.approx(start, abs=0.01)
    assert coloured(page, "word") == ["paying"]


def test_while_the_recording_plays_the_word_that_is_said_is_coloured(page: Page, serve: Serve) -> None:
    page.goto(serve(scenes.dialogue()).url)
    page.get_by_role("button", name="Play").click()
    wait_for_sound(page, 1.2)
    assert coloured(page, "word")[0] in scenes.TURNS[0].split()
    page.get_by_role("button", name="Pause").click()
    expect(page.get_by_role("button", name="Play")).to_be_visible()


def test_the_sound_ends_when_its_transcript_is_left(page: Page, serve: Serve) -> None:
    page.goto(serve(scenes.many()).url)
    page.get_by_role("link", name="0000.mp3").click()
    page.get_by_role("button", name="Play").click()
    audio = page.locator("audio").element_handle()
    wait_for_sound(page, 0.1)
    page.get_by_role("link", name="All recordings").click()
    expect(page.get_by_role("table")).to_be_visible()
    assert audio.evaluate("audio => audio.paused")


def test_a_recording_that_comes_in_pieces_plays_over_their_ends(page: Page, serve: Serve) -> None:
    scene = scenes.dialogue()
    scene.piece_bytes = 20_000
    server = serve(scene)
    page.goto(server.url)
    page.get_by_label("Speed").select_option("2")
    page.get_by_role("button", name="Play").click()
    # A piece lasts five seconds.
    wait_for_sound(page, 6)
    assert len(server.asked("audio")) > 1


def test_a_click_on_the_timeline_seeks(page: Page, serve: Serve) -> None:
    page.goto(serve(scenes.dialogue()).url)
    strip = page.get_by_role("slider", name="Position")
    box = strip.bounding_box()
    assert box is not None
    page.mouse.click(box["x"] + box["width"] * 0.4, box["y"] + 5)
    assert position(page) == pytest.approx(scenes.DIALOGUE_SECONDS * 0.4, abs=0.1)
    expect(strip).to_have_attribute("aria-valuetext", "0:15 Speaker 1")
    expect(segments(page).nth(3)).to_have_attribute("aria-current", "true")


def test_the_timeline_has_a_lane_for_each_speaker_and_one_for_events(page: Page, serve: Serve) -> None:
    page.goto(serve(scenes.dialogue()).url)
    expect(page.locator(".strip .bar")).to_have_count(scenes.SPEAKERS)
    expect(page.locator(".strip .mark")).to_have_count(1)
    expect(page.get_by_role("list", name="Speakers").get_by_role("listitem")).to_have_count(scenes.SPEAKERS)


def test_a_transcript_without_sound_has_no_player_and_still_goes_where_one_clicks(page: Page, serve: Serve) -> None:
    page.goto(serve(scenes.long(20)).url)
    segments(page).nth(4).get_by_role("link").click()
    expect(page.get_by_role("slider", name="Position")).to_have_attribute("aria-valuenow", "12")
    expect(page.get_by_role("group", name="Player")).to_have_count(0)


def test_a_transcript_without_times_is_a_text_with_speakers(page: Page, serve: Serve) -> None:
    scene = scenes.dialogue()
    shown = scene.transcripts[0]
    shown.update(is_timed=False, events=[])
    shown["segments"] = [{**one, "start": None, "end": None, "words": []} for one in shown["segments"]]
    page.goto(serve(scene).url)
    expect(segments(page).nth(1)).to_have_text(f"Speaker 1{scenes.TURNS[1]}")
    expect(page.get_by_role("slider")).to_have_count(0)


def test_a_recording_that_may_not_be_read_says_why_and_the_text_stays(page: Page, serve: Serve) -> None:
    scene = scenes.dialogue()
    scene.refused["audio"] = (403, "The connection aws_default may not read s3://lake/in.")
    page.goto(serve(scene).url)
    expect(page.get_by_role("alert").filter(has_text="may not read s3://lake/in")).to_be_visible()
    expect(page.get_by_role("button", name="Play")).to_be_disabled()
    expect(segments(page)).to_have_count(len(scenes.TURNS))


def test_a_search_counts_its_hits_and_goes_from_one_to_the_next(page: Page, serve: Serve) -> None:
    page.goto(serve(scenes.dialogue()).url)
    field = page.get_by_role("searchbox", name="Search in the transcript")
    field.fill("that")
    told = page.locator(".hits")
    expect(told).to_have_text("1 of 4")
    assert coloured(page, "found") == ["that", "That", "that", "that"]
    field.press("Enter")
    expect(told).to_have_text("2 of 4")
    assert coloured(page, "chosen") == ["That"]
    page.get_by_role("button", name="Previous hit").click()
    field.press("Shift+Enter")
    expect(told).to_have_text("4 of 4")
    field.fill("nowhere")
    expect(told).to_have_text("0 of 0")
    field.press("Escape")
    assert coloured(page, "found") == []


def test_a_hit_across_an_event_is_coloured_whole(page: Page, serve: Serve) -> None:
    page.goto(serve(scenes.dialogue()).url)
    page.get_by_role("searchbox").fill("morning. did")
    expect(page.locator(".hits")).to_have_text("1 of 1")
    assert coloured(page, "chosen") == ["morning.[laugh] Did"]


def test_a_speakers_new_name_is_everywhere_is_kept_for_the_job_and_goes_into_downloads(
    page: Page, serve: Serve
) -> None:
    scene = scenes.dialogue()
    server = serve(scene)
    page.goto(server.url)
    page.get_by_role("button", name="Rename Speaker 1").click()
    page.get_by_role("textbox", name="Name of Speaker 1").fill("Ann <b>")
    page.keyboard.press("Enter")
    expect(segments(page).nth(1)).to_contain_text("Ann <b>")
    expect(page.get_by_role("button", name="Rename Ann <b>")).to_be_focused()
    page.reload()
    expect(page.get_by_role("list", name="Speakers")).to_contain_text("Ann <b>")
    with page.expect_download() as got:
        page.get_by_role("navigation", name="Download").get_by_role("link", name="vtt").click()
    assert got.value.path().read_text() == "vtt {'speaker.1': 'Ann <b>'}"
    scene.transcripts[0]["job_id"] = "13"
    page.reload()
    expect(page.get_by_role("list", name="Speakers")).to_contain_text("Speaker 1")


def test_escape_leaves_a_name_as_it_was_and_an_empty_one_gives_the_usual_back(page: Page, serve: Serve) -> None:
    page.goto(serve(scenes.dialogue()).url)
    speakers = page.get_by_role("list", name="Speakers")
    for typed, key, shown in (("Ann", "Enter", "Ann"), ("Bob", "Escape", "Ann"), ("", "Enter", "Speaker 0")):
        speakers.get_by_role("button").first.click()
        page.get_by_role("textbox", name="Name of Speaker 0").fill(typed)
        page.keyboard.press(key)
        expect(speakers.get_by_role("listitem").first).to_contain_text(shown)


def test_text_is_text_whatever_is_in_it(page: Page, serve: Serve) -> None:
    scene = scenes.hostile()
    evil = scene.items[0]["name"]
    page.goto(serve(scene).url)
    expect(page.get_by_role("table")).to_contain_text(evil)
    page.get_by_role("link", name=evil).click()
    expect(segments(page).first).to_contain_text(f"{evil}[{evil}]")
    expect(page.get_by_role("list", name="Speakers")).to_contain_text(evil)
    assert page.locator("img, script:not([type=module])").count() == 0
    assert page.title() == "Transcript"


def test_of_five_thousand_segments_the_last_is_found_and_any_can_be_named_in_the_address(
    page: Page, serve: Serve
) -> None:
    server = serve(scenes.long(5000))
    page.goto(f"{server.url}#s4321")
    expect(page.locator("#s4321")).to_be_in_viewport()
    page.get_by_role("searchbox").fill("more 4999")
    expect(page.locator("#s4999")).to_be_in_viewport()
    assert coloured(page, "chosen") == ["more 4999"]
    page.evaluate("location.hash = '#s17'")
    expect(page.locator("#s17")).to_be_in_viewport()


def test_of_fifty_thousand_segments_only_those_near_the_window_are_elements(page: Page, serve: Serve) -> None:
    page.goto(serve(scenes.long(50_000)).url)
    expect(page.locator("#s0")).to_be_in_viewport()
    assert segments(page).count() < FEW
    wait_for_all(page)
    page.evaluate("scrollTo(0, document.documentElement.scrollHeight)")
    expect(page.locator("#s49999")).to_be_in_viewport()
    assert segments(page).count() < FEW
    page.get_by_role("searchbox").fill("numbers")
    expect(page.locator(".hits")).to_have_text("1 of 50,000")
    assert len(coloured(page, "found")) < FEW
    assert segments(page).count() < FEW


def test_the_first_segments_are_shown_and_searched_before_the_others_have_arrived(page: Page, serve: Serve) -> None:
    scene = scenes.long(5000)
    scene.may_continue.clear()
    page.goto(f"{serve(scene).url}#s4321")
    expect(page.locator("#s0")).to_contain_text("went over the numbers")
    expect(page.locator("#s0")).to_have_attribute("aria-setsize", "5000")
    page.get_by_role("searchbox").fill("numbers")
    expect(page.locator(".hits")).to_have_text("1 of 100")
    scene.may_continue.set()
    expect(page.locator(".hits")).to_have_text("1 of 5,000")
    # The reader has chosen another place than the address.
    expect(page.locator("#s0")).to_be_in_viewport()


def test_a_transcript_that_breaks_off_is_not_shown_as_a_whole_one(page: Page, serve: Serve) -> None:
    scene = scenes.long(200)
    scene.transcripts[0]["segment_count"] = 300
    page.goto(serve(scene).url)
    expect(page.get_by_role("alert")).to_contain_text("ended before the end of the transcript")
    del scene.transcripts[0]["segment_count"]
    page.get_by_role("button", name="Try again").click()
    expect(page.locator("#s199")).to_have_count(1)


def test_a_segment_that_is_not_drawn_keeps_its_place_name_and_mark(page: Page, serve: Serve) -> None:
    page.goto(serve(scenes.long(5000)).url)
    page.locator("#s3").get_by_role("link").click()
    page.get_by_role("button", name="Rename Speaker 1").focus()
    wait_for_all(page)
    page.evaluate("scrollTo(0, document.documentElement.scrollHeight)")
    expect(page.locator("#s4999")).to_be_in_viewport()
    page.get_by_role("searchbox").fill("more 2500")
    expect(page.locator("#s2500")).to_be_in_viewport()
    expect(page.locator("#s3")).to_have_count(0)
    page.get_by_role("button", name="Rename Speaker 0").evaluate("button => button.click()")
    page.get_by_role("textbox", name="Name of Speaker 0").fill("Ann")
    page.keyboard.press("Enter")
    page.evaluate("location.hash = '#s3'")
    expect(page.locator("#s3")).to_have_attribute("aria-current", "true")
    expect(page.locator("#s3")).to_have_attribute("aria-posinset", "4")
    expect(page.locator("#s0")).to_contain_text("Ann")
