"""Measure the viewer's page with long transcripts: time from the response to the first text, search, memory.

    PYTHONPATH=. .venv-3.3/bin/python benchmarks/viewer.py        # the environment of `scripts/test 3.3`, Chromium

Every round is a fresh browser profile without cache, over a local server that answers at once. Prints a table's rows.
The CPU time is that of the page's main thread between the first byte of the transcript and its first text on the
screen, from Chromium's trace: other processes do not change it.
"""

from __future__ import annotations

import json
import os
import statistics
import sys
from collections.abc import Iterator
from typing import Any

from playwright.sync_api import BrowserContext, CDPSession, Page

from harness.browser import open_page
from harness.processes import wait_until
from harness.viewer import ViewerServer
from tests.viewer import scenes

SEGMENTS = (50_000, 5_000, 500)
ROUNDS = 3
MIB = 1024 * 1024
# What a round yields.
COLUMNS = (
    "CPU to first text ms", "first text ms", "request to all text ms", "longest task ms", "search ms", "jump ms",
    "JS heap MiB", "DOM nodes",
)  # fmt: skip
TRACED = ["devtools.timeline", "blink.user_timing"]
# Runs before the page's own script: notes when the first text has been painted, and all of it, and the longest task.
WATCH = """
window.longest = 0;
new PerformanceObserver(list => {
    for (const entry of list.getEntries()) window.longest = Math.max(window.longest, entry.duration);
}).observe({type: 'longtask', buffered: true});
let begun = false;
new MutationObserver((_, observer) => {
    const list = document.querySelector('.segments');
    if (list === null) return;
    if (!begun) requestAnimationFrame(() => setTimeout(() => performance.mark('shown')));
    begun = true;
    if (list.getAttribute('aria-busy') === 'true') return;
    observer.disconnect();
    requestAnimationFrame(() => setTimeout(() => { performance.mark('all'); window.all = true; }));
}).observe(document, {childList: true, subtree: true, attributes: true});
"""
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
    assert context.browser is not None
    context.browser.start_tracing(page=page, categories=TRACED)
    page.goto(url)
    # Playwright's own wait needs `eval`, which the page forbids.
    wait_until(lambda: page.evaluate("window.all"), "the text is shown", 60.0)
    page.wait_for_load_state("networkidle")
    yield from _after_response(json.loads(context.browser.stop_tracing())["traceEvents"])
    yield page.evaluate("window.longest")
    yield page.evaluate(SEARCH, "over")
    yield page.evaluate(JUMP)
    devtools.send("HeapProfiler.collectGarbage")
    metrics = _metrics(devtools)
    yield metrics["JSHeapUsedSize"] / MIB
    yield metrics["Nodes"]


def _after_response(events: list[dict[str, Any]]) -> Iterator[float]:
    """Yield milliseconds: CPU and time from the transcript's first byte to its first text, time from request to end."""

    def named(name: str) -> Iterator[dict[str, Any]]:
        return (event for event in events if event["name"] == name)

    def data(event: dict[str, Any]) -> dict[str, Any]:
        found: dict[str, Any] = event["args"]["data"]
        return found

    asked = next(one for one in named("ResourceSendRequest") if "/api/transcript?" in data(one)["url"])
    responses = named("ResourceReceiveResponse")
    got = next(one for one in responses if data(one)["requestId"] == data(asked)["requestId"])
    shown, whole = next(named("shown")), next(named("all"))
    yield (shown["tts"] - got["tts"]) / 1000
    yield (shown["ts"] - got["ts"]) / 1000
    yield (whole["ts"] - asked["ts"]) / 1000


def _metrics(devtools: CDPSession) -> dict[str, float]:
    return {one["name"]: one["value"] for one in devtools.send("Performance.getMetrics")["metrics"]}


def _load() -> str:
    return f"{os.getloadavg()[0]:.1f}"


if __name__ == "__main__":
    main()
