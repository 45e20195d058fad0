"""For everybody: keyboard, contrast, names for screen readers, small windows, Airflow's theme."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from harness.viewer import Scene
from tests.viewer import scenes
from tests.viewer.conftest import Serve
from tests.viewer.reading import position, segments

FOCUS_IS_SEEN = """document.activeElement === document.body
    || getComputedStyle(document.activeElement).outlineStyle !== 'none'"""
PHONE = {"width": 360, "height": 740}
EVERYTHING = {
    "dialogue": scenes.dialogue, "many": scenes.many, "speakers": scenes.crowd, "nothing": lambda: Scene([]),
}  # fmt: skip


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("scene", EVERYTHING)
def test_axe_finds_nothing(page: Page, serve: Serve, scene: str, scheme: str) -> None:
    page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]  # one of the two
    page.goto(serve(EVERYTHING[scene]()).url)
    page.wait_for_load_state("networkidle")
    if scene == "dialogue":
        segments(page).nth(1).get_by_role("link").click()
    rules = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]}
    found = Axe().run(page, options=rules)
    assert found.violations_count == 0, found.generate_report()


@pytest.mark.parametrize("scene", EVERYTHING)
def test_a_phone_shows_all_without_scrolling_sideways(page: Page, serve: Serve, scene: str, tmp_path: Path) -> None:
    page.set_viewport_size(PHONE)
    page.goto(serve(EVERYTHING[scene]()).url)
    page.wait_for_load_state("networkidle")
    assert page.evaluate("document.documentElement.scrollWidth") == PHONE["width"]
    page.screenshot(path=tmp_path / "viewer-phone.png")


def test_keys_play_seek_and_step(page: Page, serve: Serve) -> None:
    page.goto(serve(scenes.dialogue()).url)
    expect(segments(page)).to_have_count(len(scenes.TURNS))
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowLeft")
    assert position(page) == pytest.approx(5.0)
    page.keyboard.press("ArrowDown")
    expect(segments(page).nth(2).get_by_role("link")).to_be_focused()
    page.keyboard.press("ArrowUp")
    expect(segments(page).nth(1)).to_have_attribute("aria-current", "true")
    page.keyboard.press("Space")
    expect(page.get_by_role("button", name="Pause")).to_be_visible()
    page.keyboard.press("Space")
    expect(page.get_by_role("button", name="Play")).to_be_visible()


def test_a_slash_leads_to_the_search_where_keys_are_letters(page: Page, serve: Serve) -> None:
    page.goto(serve(scenes.dialogue()).url)
    expect(segments(page)).to_have_count(len(scenes.TURNS))
    page.keyboard.press("/")
    page.keyboard.type("a / b?")
    expect(page.get_by_role("searchbox")).to_have_value("a / b?")
    expect(page.get_by_role("button", name="Play")).to_be_visible()
    page.keyboard.press("Escape")
    expect(segments(page).first.get_by_role("link")).to_be_focused()


def test_a_question_mark_tells_the_keys(page: Page, serve: Serve) -> None:
    page.goto(serve(scenes.many()).url)
    expect(page.get_by_role("table")).to_be_visible()
    page.keyboard.press("?")
    expect(page.get_by_role("dialog", name="Keyboard")).to_contain_text("Play or pause")
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_have_count(0)


def test_tab_passes_the_transcript_in_one_step_and_focus_is_seen(page: Page, serve: Serve) -> None:
    page.goto(serve(scenes.dialogue()).url)
    expect(segments(page)).to_have_count(len(scenes.TURNS))
    stops = []
    for _ in range(40):
        page.keyboard.press("Tab")
        stops.append(page.evaluate("document.activeElement.className"))
        assert page.evaluate(FOCUS_IS_SEEN)
        if stops[-1] == "time":
            break
    assert "strip" in stops
    assert stops[-1] == "time"
    assert page.locator(".time[tabindex='0']").count() == 1


def test_the_page_has_the_theme_of_the_airflow_around_it_whatever_the_system_has(page: Page, serve: Serve) -> None:
    server = serve(scenes.dialogue())
    page.emulate_media(color_scheme="dark")
    page.goto(server.framed("light"))
    inner = page.frame_locator("iframe")
    expect(inner.locator("html")).to_have_attribute("data-theme", "light")
    page.evaluate("document.documentElement.className = 'dark'")
    page.emulate_media(color_scheme="light")
    expect(inner.locator("html")).to_have_attribute("data-theme", "dark")
    expect(segments(inner)).to_have_count(len(scenes.TURNS))  # type: ignore[arg-type]  # a frame is looked into alike


@pytest.mark.parametrize("kept", [{"theme": "dark"}, {"darkTheme": "true"}])
def test_a_page_of_its_own_has_the_theme_that_airflow_keeps(page: Page, serve: Serve, kept: dict[str, str]) -> None:
    server = serve(scenes.dialogue())
    page.add_init_script(f"Object.assign(localStorage, {json.dumps(kept)})")
    page.goto(server.url)
    expect(page.locator("html")).to_have_attribute("data-theme", "dark")
