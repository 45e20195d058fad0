// What the timeline draws, as the data of SVG paths: x is seconds, y is lanes.

import type { Segment, SpeechEvent } from "../contract.ts";

const [TOP, BOTTOM] = [0.2, 0.8];

/** One path a lane: a bar a segment. */
export function barsOf(segments: readonly Segment[], laneOf: (speaker: string | null) => number | null): Map<number, string> {
  const bars = new Map<number, string[]>();
  for (const { speaker, start, end } of segments) {
    const lane = laneOf(speaker);
    if (lane === null || start === null || end === null || end <= start) continue;
    const drawn = bars.get(lane) ?? [];
    drawn.push(`M${short(start)} ${lane + TOP}H${short(end)}V${lane + BOTTOM}H${short(start)}Z`);
    bars.set(lane, drawn);
  }
  return new Map([...bars].map(([lane, drawn]) => [lane, drawn.join("")]));
}

/** One path: a stroke an event. */
export function marksOf(events: readonly SpeechEvent[], lane: number): string {
  const timed = events.filter((event) => event.start !== null);
  return timed.map((event) => `M${short(event.start ?? 0)} ${lane + TOP}V${lane + BOTTOM}`).join("");
}

/** Round times for a scale of at most so many steps. */
export function ticksOf(seconds: number, most: number): number[] {
  const steps = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14400, 28800];
  const step = steps.find((one) => seconds / one <= most) ?? 86400;
  return Array.from({ length: Math.floor(seconds / step) + 1 }, (_, index) => index * step);
}

function short(seconds: number): number {
  return Math.round(seconds * 100) / 100;
}
