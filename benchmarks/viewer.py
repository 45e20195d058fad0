"""Measure the viewer's page with long transcripts: time to first paint and to the text, scripts, memory.

    PYTHONPATH=. .venv-3.3/bin/python benchmarks/viewer.py        # the environment of `scripts/test 3.3`, Chromium

Every round is a fresh browser profile without cache, over a local server that answers at once. Prints a table's rows.
"""

from __future__ import annotations

import os
import statistics
import sys
from collections.abc import Iterator

from playwright.sync_api import BrowserContext, CDPSession, Page

from harness.browser import open_page
from harness.processes import wait_until
from harness.viewer import ViewerServer
from tests.viewer import scenes

SEGMENTS = (5_000, 500)
ROUNDS = 3
MIB = 1024 * 1024
# What a round yields.
COLUMNS = (
    "first paint ms", "text shown ms", "scripts ms", "layout, style ms", "longest task ms", "search ms", "jump ms",
    "JS heap MiB", "DOM nodes",
)  # fmt: skip
# Runs before the page's own script: notes when the text has been painted, and the longest tasks.
WATCH = """
window.longest = 0;
new PerformanceObserver(list => {
    for (const entry of list.getEntries()) window.longest = Math.max(window.longest, entry.duration);
}).observe({type: 'longtask', buffered: true});
new MutationObserver((_, observer) => {
    if (document.querySelector('.segments') === null) return;
    observer.disconnect();
    requestAnimationFrame(() => setTimeout(() => { window.shown = performance.now(); }));
}).observe(document, {childList: true, subtree: true});
"""
FIRST_PAINT = "performance.getEntriesByName('first-contentful-paint')[0].startTime"
# From the last key until the colours and the count are on the screen; the page itself waits for 150 ms.
SEARCH = """word => new Promise(resolve => {
    const field = document.querySelector('input[type=search]');
    const begun = performance.now();
    new MutationObserver((_, observer) => {
        observer.disconnect();
        requestAnimationFrame(() => setTimeout(() => resolve(performance.now() - begun)));
    }).observe(document.querySelector('.hits'), {childList: true, characterData: true, subtree: true});
    field.value = word;
    field.dispatchEvent(new Event('input'));
})"""
# A jump to the end and back, until it is painted.
JUMP = """() => new Promise(resolve => {
    const begun = performance.now();
    scrollTo(0, document.body.scrollHeight);
    requestAnimationFrame(() => setTimeout(() => resolve(performance.now() - begun)));
})"""


def main() -> None:
    with open_page() as page:
        assert page.context.browser is not None
        print("|", " | ".join(["segments", *COLUMNS, "load"]), "|")
        print("|---" * (len(COLUMNS) + 2) + "|")
        for segments in SEGMENTS:
            with ViewerServer(scenes.long(segments)) as server:
                rounds = []
                for _ in range(ROUNDS):
                    context = page.context.browser.new_context(viewport={"width": 1000, "height": 800})
                    rounds.append(list(_round(context, server.url)))
                    context.close()
            medians = [statistics.median(values) for values in zip(*rounds, strict=True)]
            print("|", " | ".join([f"{segments:,}", *(f"{value:,.0f}" for value in medians)]), f"| {_load()} |")
            sys.stdout.flush()


def _round(context: BrowserContext, url: str) -> Iterator[float]:
    page: Page = context.new_page()
    page.add_init_script(WATCH)
    devtools = context.new_cdp_session(page)
    devtools.send("Performance.enable")
    page.goto(url)
    # Playwright's own wait needs `eval`, which the page forbids.
    wait_until(lambda: page.evaluate("window.shown"), "the text is shown", 60.0)
    page.wait_for_load_state("networkidle")
    metrics = _metrics(devtools)
    yield page.evaluate(FIRST_PAINT)
    yield page.evaluate("window.shown")
    yield metrics["ScriptDuration"] * 1000
    yield (metrics["LayoutDuration"] + metrics["RecalcStyleDuration"]) * 1000
    yield page.evaluate("window.longest")
    yield page.evaluate(SEARCH, "over")
    yield page.evaluate(JUMP)
    devtools.send("HeapProfiler.collectGarbage")
    metrics = _metrics(devtools)
    yield metrics["JSHeapUsedSize"] / MIB
    yield metrics["Nodes"]


def _metrics(devtools: CDPSession) -> dict[str, float]:
    return {one["name"]: one["value"] for one in devtools.send("Performance.getMetrics")["metrics"]}


def _load() -> str:
    return f"{os.getloadavg()[0]:.1f}"


if __name__ == "__main__":
    main()
