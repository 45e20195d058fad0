"""The viewer's page in a real browser, over answers of the test's own."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack

import pytest
from playwright.sync_api import Page, expect

from harness.browser import open_page
from harness.viewer import Scene, ViewerServer

WINDOW = {"width": 1000, "height": 800}
Serve = Callable[[Scene], ViewerServer]


@pytest.fixture(scope="package")
def browser_page() -> Iterator[Page]:
    """One browser for all tests here. It ends with them: Playwright bears no second one beside it."""
    expect.set_options(timeout=90_000)
    with open_page() as page:
        yield page


@pytest.fixture
def serve() -> Iterator[Serve]:
    """Start a server for a scene; it stops after the test."""
    with ExitStack() as stack:
        yield lambda scene: stack.enter_context(ViewerServer(scene))


@pytest.fixture
def page(browser_page: Page) -> Iterator[Page]:
    """A fresh page. Whatever a test does: no script fails, and the browser finds nothing against the page's policy."""
    assert browser_page.context.browser is not None
    context = browser_page.context.browser.new_context(viewport=WINDOW, color_scheme="light", reduced_motion="reduce")
    page = context.new_page()
    page.set_default_timeout(90_000)
    wrong: list[str] = []
    page.on("pageerror", lambda error: wrong.append(str(error)))
    page.on("console", lambda said: wrong.append(said.text) if "Content Security Policy" in said.text else None)
    yield page
    context.close()
    assert wrong == []
