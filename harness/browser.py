"""A headless Chromium of this machine, driven by Playwright."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager

from playwright.sync_api import Page, sync_playwright

from harness.processes import HarnessError

# The machine that runs this may be busy with all of the other tests' DAG runs.
STEP_MILLISECONDS = 60_000
# All of the form on one screen.
WINDOW = {"width": 1000, "height": 1900}


@contextmanager
def open_page() -> Iterator[Page]:
    """A page of a headless Chromium of this machine."""
    chromium = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if chromium is None:
        raise HarnessError("The browser tests need Chromium in PATH. On Debian: apt-get install chromium")
    with sync_playwright() as playwright:
        # Root, as in a container, cannot use Chromium's sandbox; it visits loopback only.
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox", "--no-proxy-server"])
        page = browser.new_page(viewport=WINDOW)
        page.set_default_timeout(STEP_MILLISECONDS)
        yield page
        browser.close()
