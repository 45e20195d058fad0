import type { Segment } from "../contract.ts";

/** The timed segments in the order of their starts. */
export interface Starts {
  readonly seconds: readonly number[];
  readonly ends: readonly number[];
  readonly places: readonly number[];
}

// Maximum number of overlapping speakers for finding segments that are still in progress.
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

/** The current segment: of those in progress the last to begin, or else the last that has ended. */
export function segmentAt(starts: Starts, seconds: number): number | null {
  const last = countUpTo(starts.seconds, seconds) - 1;
  for (let index = last; index >= Math.max(0, last - OVERLAPS); index--) {
    if ((starts.ends[index] ?? 0) > seconds) return starts.places[index] ?? null;
  }
  return starts.places[last] ?? null;
}

/** The number of ascending numbers up to the limit. */
function countUpTo(ascending: readonly number[], limit: number): number {
  let [low, high] = [0, ascending.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((ascending[middle] ?? Infinity) <= limit) low = middle + 1;
    else high = middle;
  }
  return low;
}
