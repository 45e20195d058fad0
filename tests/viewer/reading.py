"""What a user sees on the viewer's page."""

from __future__ import annotations

from playwright.sync_api import Frame, Locator, Page, expect

from harness.processes import wait_until

PLAYING_SECONDS = 60.0

_COLOURED = """name => [...(CSS.highlights.get(name) ?? [])].map(range => {
    const live = document.createRange();
    live.setStart(range.startContainer, range.startOffset);
    live.setEnd(range.endContainer, range.endOffset);
    return live.toString();
})"""
# Where the middle of a text is in its segment.
_MIDDLE = """(said, text) => {
    const node = [...said.childNodes].find(one => one.nodeType === 3 && one.data.includes(text));
    const range = document.createRange();
    range.setStart(node, node.data.indexOf(text));
    range.setEnd(node, node.data.indexOf(text) + text.length);
    const [word, all] = [range.getBoundingClientRect(), said.getBoundingClientRect()];
    return {x: word.x - all.x + word.width / 2, y: word.y - all.y + word.height / 2};
}"""


def segments(page: Page | Frame) -> Locator:
    """The segments of the transcript."""
    return page.get_by_role("list", name="Transcript").locator(".segment")


def wait_for_all(page: Page | Frame) -> None:
    """Wait until all segments have arrived."""
    expect(page.get_by_role("list", name="Transcript")).not_to_have_attribute("aria-busy", "true")


def coloured(page: Page | Frame, name: str) -> list[str]:
    """The texts that are highlighted as `found`, `chosen` or `word`."""
    texts: list[str] = page.evaluate(_COLOURED, name)
    return texts


def click_word(segment: Locator, word: str) -> None:
    """Click a word, as a mouse does it: a place in the text."""
    said = segment.locator(".said")
    said.scroll_into_view_if_needed()
    said.click(position=said.evaluate(_MIDDLE, word))


def position(page: Page | Frame) -> float:
    """Where the recording is, in seconds."""
    seconds: float = page.locator("audio").evaluate("audio => audio.currentTime")
    return seconds


def wait_for_sound(page: Page | Frame, seconds: float) -> None:
    """Wait until the recording has played so far. (Playwright's own wait needs `eval`, which the page forbids.)"""
    wait_until(lambda: position(page) > seconds, f"the recording plays to {seconds} s", PLAYING_SECONDS)
