import type { Segment } from "../contract.ts";

/** A word with the position of its letters in the segment's text. */
export interface Span {
  from: number;
  to: number;
  start: number | null;
  end: number | null;
}

// A match far behind is another word, and using it would lose all words in between.
const FARTHEST = 40;

/** The position of each word in its segment's text. A word that is not in the text is omitted. */
export function spansOf(segment: Segment): Span[] {
  const spans: Span[] = [];
  let searched = 0;
  for (const [word, start, end] of segment.words) {
    // The text has no marks of emphasis, and the words still have them.
    const found = [word, word.replace(/^[^\p{L}\p{N}]+|[^\p{L}\p{N}]+$/gu, "")]
      .filter((letters) => letters !== "")
      .map((letters) => ({ letters, from: segment.text.indexOf(letters, searched) }))
      .find(({ from }) => from >= 0 && from <= searched + FARTHEST);
    if (found === undefined) continue;
    searched = found.from + found.letters.length;
    spans.push({ from: found.from, to: searched, start, end });
  }
  return spans;
}

/** The current word: the last one that has begun. It lasts to its end, or to the next word if its end is unknown. */
export function spanAt(spans: readonly Span[], seconds: number): Span | null {
  let said: Span | null = null;
  for (const span of spans) {
    if (span.start === null) continue;
    if (span.start > seconds) break;
    said = span;
  }
  return said !== null && (said.end === null || seconds < said.end) ? said : null;
}

/** The time of a letter: the start of its word, or else of the nearest timed word before it. */
export function timeOf(spans: readonly Span[], offset: number): number | null {
  let time: number | null = null;
  for (const span of spans) {
    if (span.from > offset) break;
    time = span.start ?? time;
  }
  return time;
}
