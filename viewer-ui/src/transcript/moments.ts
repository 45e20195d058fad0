import type { Segment } from "../contract.ts";

/** The timed segments in the order of their starts. */
export interface Starts {
  readonly seconds: readonly number[];
  readonly ends: readonly number[];
  readonly places: readonly number[];
}

// How many people at most talk over one another, as far as finding who still does is concerned.
const OVERLAPS = 8;

export function startsOf(segments: readonly Segment[]): Starts {
  const timed = segments
    .map((segment, place) => ({ place, start: segment.start, end: segment.end }))
    .filter((one): one is { place: number; start: number; end: number | null } => one.start !== null)
    .sort((one, other) => one.start - other.start || one.place - other.place);
  return {
    seconds: timed.map((one) => one.start),
    ends: timed.map((one) => one.end ?? one.start),
    places: timed.map((one) => one.place),
  };
}

/** The place of the segment that is being said: the latest to begin of those that go on, else the last that was said. */
export function segmentAt(starts: Starts, seconds: number): number | null {
  const last = countUpTo(starts.seconds, seconds) - 1;
  for (let index = last; index >= Math.max(0, last - OVERLAPS); index--) {
    if ((starts.ends[index] ?? 0) > seconds) return starts.places[index] ?? null;
  }
  return starts.places[last] ?? null;
}

/** How many of the ascending numbers are not above the limit. */
function countUpTo(ascending: readonly number[], limit: number): number {
  let [low, high] = [0, ascending.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((ascending[middle] ?? Infinity) <= limit) low = middle + 1;
    else high = middle;
  }
  return low;
}
