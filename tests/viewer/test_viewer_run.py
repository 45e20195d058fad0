"""A run of many recordings, one that still runs, one that is refused."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from harness.viewer import Scene
from tests.viewer import scenes
from tests.viewer.conftest import Serve
from tests.viewer.reading import segments, wait_for_sound

REFRESH_MILLISECONDS = 5_000


def _names(page: Page) -> list[str]:
    return page.get_by_role("table").locator("tbody th > :first-child").all_inner_texts()


def test_a_filter_shows_the_recordings_of_one_state_with_what_went_wrong(page: Page, serve: Serve) -> None:
    page.goto(serve(scenes.many()).url)
    page.get_by_role("button", name="failed 3").click()
    expect(page.get_by_role("table").locator("tbody tr")).to_have_count(3)
    assert _names(page) == [f"calls/2026-11-24/{no:04}.mp3" for no in (3, 150, 151)]
    expect(page.get_by_text("Too noisy to transcribe").first).to_be_visible()
    assert page.get_by_role("table").get_by_role("link").count() == 0
    page.get_by_role("button", name="running 0").click()
    expect(page.get_by_text("No recording is running.")).to_be_visible()


def test_a_name_is_searched_for_among_all_pages(page: Page, serve: Serve) -> None:
    page.goto(serve(scenes.many()).url)
    page.get_by_role("searchbox", name="Search by name").fill("/039")
    expect(page.get_by_text("1\N{EN DASH}10 of 10")).to_be_visible()
    assert _names(page)[0] == "calls/2026-11-24/0390.mp3"
    page.get_by_role("searchbox").fill("nobody")
    expect(page.get_by_text("No recording has such a name.")).to_be_visible()


def test_pages_hold_a_hundred_recordings_each(page: Page, serve: Serve) -> None:
    page.goto(serve(scenes.many(250)).url)
    expect(page.get_by_text("1\N{EN DASH}100 of 250")).to_be_visible()
    expect(page.get_by_role("button", name="Previous")).to_be_disabled()
    for _ in range(2):
        page.get_by_role("button", name="Next").click()
    expect(page.get_by_text("201\N{EN DASH}250 of 250")).to_be_visible()
    expect(page.get_by_role("button", name="Next")).to_be_disabled()


def test_a_recordings_name_opens_its_transcript_and_back_leads_to_the_table(page: Page, serve: Serve) -> None:
    page.goto(serve(scenes.many()).url)
    page.get_by_role("link", name="0000.mp3").click()
    expect(segments(page)).to_have_count(len(scenes.TURNS))
    page.reload()
    expect(segments(page)).to_have_count(len(scenes.TURNS))
    page.go_back()
    expect(page.get_by_role("table")).to_be_visible()
    page.go_forward()
    page.get_by_role("link", name="All recordings").click()
    expect(page.get_by_role("table")).to_be_visible()


def test_a_run_looks_again_by_itself_until_it_is_done(page: Page, serve: Serve) -> None:
    scene = Scene([], state="deferred")
    server = serve(scene)
    page.clock.install()
    page.goto(server.url)
    expect(page.get_by_text("No recordings yet.")).to_be_visible()
    scene.items = [scenes.item(0, "a.mp3", "running"), scenes.item(1, "b.mp3", "running")]
    page.clock.run_for(REFRESH_MILLISECONDS)
    expect(page.get_by_role("button", name="running 2")).to_be_visible()
    assert page.get_by_role("main").get_by_role("link").count() == 0
    done = scenes.many(2)
    scene.items, scene.transcripts, scene.state = done.items, done.transcripts, "success"
    page.clock.run_for(REFRESH_MILLISECONDS)
    expect(page.get_by_role("main").get_by_role("link")).to_have_count(2)
    expect(page.get_by_role("banner")).to_contain_text("success")
    asked = len(server.asked("task"))
    page.clock.run_for(10 * REFRESH_MILLISECONDS)
    assert len(server.asked("task")) == asked


def test_a_run_that_cannot_be_looked_at_for_a_while_stays_on_the_page_and_is_looked_at_later(
    page: Page, serve: Serve
) -> None:
    scene = scenes.many(2)
    scene.state = "running"
    page.clock.install()
    page.goto(serve(scene).url)
    expect(page.get_by_role("main").get_by_role("link")).to_have_count(2)
    scene.refused["task"] = (502, "S3 does not answer.")
    page.clock.run_for(REFRESH_MILLISECONDS)
    expect(page.get_by_role("banner")).to_contain_text("Not up to date: S3 does not answer.")
    expect(page.get_by_role("main").get_by_role("link")).to_have_count(2)
    scene.refused.clear()
    page.clock.run_for(REFRESH_MILLISECONDS)
    expect(page.get_by_role("banner")).to_contain_text("2 recordings")


def test_a_run_of_one_shows_its_transcript_as_soon_as_it_is_there(page: Page, serve: Serve) -> None:
    scene = Scene([scenes.item(0, "a.mp3", "running")], state="deferred")
    page.clock.install()
    page.goto(serve(scene).url)
    expect(page.get_by_role("table")).to_be_visible()
    done = scenes.dialogue()
    scene.items, scene.transcripts, scene.state = done.items, done.transcripts, "success"
    page.clock.run_for(REFRESH_MILLISECONDS)
    expect(segments(page)).to_have_count(len(scenes.TURNS))


def test_a_run_without_recordings_says_so(page: Page, serve: Serve) -> None:
    page.goto(serve(Scene([])).url)
    expect(page.get_by_text("This task has no recordings.")).to_be_visible()


def test_the_tab_of_a_task_without_transcripts_says_so_in_one_line_and_is_no_fault(page: Page, serve: Serve) -> None:
    scene = Scene([])
    scene.refused["task"] = (404, "This task has no transcripts.")
    page.goto(serve(scene).url)
    expect(page.get_by_role("main")).to_have_text("This task has no transcripts.")
    expect(page.get_by_role("alert")).to_have_count(0)


@pytest.mark.parametrize(
    ("call", "status", "title"),
    [
        ("task", 403, "You are not allowed to see this"),
        ("items", 502, "This cannot be shown"),
        ("transcript", 404, "Nothing to show"),
    ],
)
def test_a_refusal_is_shown_in_the_servers_words_and_can_be_tried_again(
    page: Page, serve: Serve, call: str, status: int, title: str
) -> None:
    scene = scenes.dialogue()
    scene.refused[call] = (status, "Ask <i>somebody</i> who may.")
    page.goto(serve(scene).url)
    expect(page.get_by_role("alert")).to_contain_text("Ask <i>somebody</i> who may.")
    expect(page.get_by_role("heading", name=title)).to_be_visible()
    scene.refused.clear()
    page.get_by_role("button", name="Try again").click()
    expect(segments(page)).to_have_count(len(scenes.TURNS))


def test_who_is_no_longer_signed_in_is_led_to_the_login_by_the_page_itself(page: Page, serve: Serve) -> None:
    scene = scenes.dialogue()
    scene.refused["task"] = (401, "Token Expired")
    page.goto(serve(scene).url)
    expect(page.get_by_role("heading", name="Sign in to Airflow")).to_be_visible()
    scene.refused.clear()
    with page.expect_navigation():
        page.get_by_role("button", name="Sign in").click()
    expect(segments(page)).to_have_count(len(scenes.TURNS))


def test_a_refusal_shows_no_state_of_the_task(page: Page, serve: Serve) -> None:
    scene = scenes.dialogue()
    scene.refused["task"] = (403, "Forbidden")
    page.goto(serve(scene).url)
    expect(page.get_by_role("heading", name="You are not allowed to see this")).to_be_visible()
    expect(page.get_by_role("banner").locator(".state")).to_be_hidden()


def test_in_a_window_of_its_own_the_page_leads_back_to_the_task(page: Page, serve: Serve) -> None:
    server = serve(scenes.dialogue())
    page.goto(server.url)
    link = page.get_by_role("banner").get_by_role("link")
    expect(link).to_contain_text("scheduled__2026-11-25T00:00:00+00:00")
    run = "scheduled__2026-11-25T00%3A00%3A00%2B00%3A00"
    assert link.evaluate("link => link.href") == f"{server.origin}/af/dags/nightly/runs/{run}/tasks/transcribe"


def test_in_airflows_tab_only_the_totals_are_above_the_transcript(page: Page, serve: Serve) -> None:
    page.goto(serve(scenes.dialogue()).framed("light"))
    banner = page.frame_locator("iframe").get_by_role("banner")
    expect(banner.locator(".facts")).to_have_text("1 recording · 39 s of audio · cost 0.0021")
    expect(banner.get_by_role("heading", name="transcribe")).to_have_css("width", "1px")
    expect(banner).to_have_text("transcribe1 recording · 39 s of audio · cost 0.0021")


def test_a_column_in_which_nothing_is_known_is_left_out(page: Page, serve: Serve) -> None:
    scene = scenes.many(3)
    scene.items = [{**item, "speakers": None} for item in scene.items]
    page.goto(serve(scene).url)
    heads = page.get_by_role("columnheader")
    expect(heads).to_have_text(["Recording", "State", "Audio", "Cost"])
    scene.items = [{**item, "speakers": None, "cost": None, "audio_seconds": None} for item in scene.items]
    page.reload()
    expect(heads).to_have_text(["Recording", "State"])


def test_states_have_the_words_of_the_filters(page: Page, serve: Serve) -> None:
    scene = Scene(
        [scenes.item(0, "a.mp3", state="already_done"), scenes.item(1, "b.mp3", "running", state="submitted")]
    )
    page.goto(serve(scene).url)
    states = page.get_by_role("table").locator(".state")
    expect(states).to_have_text(["done", "running"])
    expect(states.first).to_have_attribute("title", "already_done")


def test_a_failed_recording_can_be_listened_to(page: Page, serve: Serve) -> None:
    scene = scenes.many(5)
    scene.items[3] = scenes.item(3, "calls/noise.mp3", "failed", has_audio=True)
    scene.recordings[3] = scenes.DIALOGUE
    page.goto(serve(scene).url)
    page.get_by_role("link", name="noise.mp3").click()
    expect(page.get_by_role("heading", name="calls/noise.mp3 failed")).to_be_visible()
    expect(page.get_by_text("Too noisy to transcribe")).to_be_visible()
    expect(page.get_by_text("0:00 / 0:38")).to_be_visible()
    page.keyboard.press("ArrowRight")
    expect(page.get_by_text("0:05 / 0:38")).to_be_visible()
    page.get_by_role("button", name="Play").click()
    wait_for_sound(page, 5.2)
    page.get_by_role("link", name="All recordings").click()
    expect(page.get_by_role("table")).to_be_visible()


def test_a_connection_that_is_lost_is_told_and_can_be_tried_again(page: Page, serve: Serve) -> None:
    page.goto(serve(scenes.many(20)).url)
    page.context.set_offline(True)
    page.get_by_role("button", name="failed").click()
    expect(page.get_by_role("alert")).to_contain_text("Airflow cannot be reached.")
    page.context.set_offline(False)
    page.get_by_role("button", name="Try again").click()
    expect(page.get_by_role("table").locator("tbody tr")).to_have_count(1)


def test_no_request_leaves_for_anywhere_else(page: Page, serve: Serve) -> None:
    server = serve(scenes.many())
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto(server.url)
    page.get_by_role("link", name="0000.mp3").click()
    expect(segments(page)).to_have_count(len(scenes.TURNS))
    assert len(asked) > 5
    assert [one for one in asked if not one.startswith(f"{server.origin}/af/fluxions/")] == []
