// The drawing of the timeline as SVG paths: x is seconds, y is lanes.

import type { Segment, SpeechEvent } from "../contract.ts";

const [TOP, BOTTOM] = [0.2, 0.8];

/** One path a lane: a bar a segment. Bars of a lane with a gap of at most `gap` seconds between them are one. */
export function barsOf(segments: readonly Segment[], laneOf: (speaker: string | null) => number | null, gap = 0): Map<number, string> {
  const bars = new Map<number, [start: number, end: number][]>();
  for (const { speaker, start, end } of segments) {
    const lane = laneOf(speaker);
    if (lane === null || start === null || end === null || end <= start) continue;
    const drawn = bars.get(lane) ?? [];
    const last = drawn.at(-1);
    if (last !== undefined && start >= last[0] && start - last[1] <= gap) last[1] = Math.max(last[1], end);
    else drawn.push([start, end]);
    bars.set(lane, drawn);
  }
  return new Map([...bars].map(([lane, drawn]) => [lane, drawn.map(([start, end]) => bar(lane, start, end)).join("")]));
}

function bar(lane: number, start: number, end: number): string {
  return `M${short(start)} ${lane + TOP}H${short(end)}V${lane + BOTTOM}H${short(start)}Z`;
}

/** One path: a stroke an event. Of events within `gap` seconds only the first has one. */
export function marksOf(events: readonly SpeechEvent[], lane: number, gap = 0): string {
  let last = -Infinity;
  let drawn = "";
  for (const { start } of events) {
    if (start === null || (start >= last && start - last < gap)) continue;
    last = start;
    drawn += `M${short(start)} ${lane + TOP}V${lane + BOTTOM}`;
  }
  return drawn;
}

/** Round times for a scale of at most this many steps. */
export function ticksOf(seconds: number, most: number): number[] {
  const steps = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14400, 28800];
  const step = steps.find((one) => seconds / one <= most) ?? 86400;
  return Array.from({ length: Math.floor(seconds / step) + 1 }, (_, index) => index * step);
}

function short(seconds: number): number {
  return Math.round(seconds * 100) / 100;
}
