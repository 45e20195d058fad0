import type { Segment } from "../contract.ts";

/** A word with the place of its letters in the segment's text. */
export interface Span {
  from: number;
  to: number;
  start: number | null;
  end: number | null;
}

// A word that only stands further on is another one, and taking it would lose all between.
const FARTHEST = 40;

/** Where each word stands in its segment's text; a word that is not in it is left out. */
export function spansOf(segment: Segment): Span[] {
  const spans: Span[] = [];
  let searched = 0;
  for (const [word, start, end] of segment.words) {
    // The text is without what marks emphasis; words are as they were written.
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

/** The word that is being said: the last that has begun, until it ends or, where its end is unknown, the next begins. */
export function spanAt(spans: readonly Span[], seconds: number): Span | null {
  let said: Span | null = null;
  for (const span of spans) {
    if (span.start === null) continue;
    if (span.start > seconds) break;
    said = span;
  }
  return said !== null && (said.end === null || seconds < said.end) ? said : null;
}

/** When the text at that letter is said: its word's start, else that of the nearest timed word before it. */
export function timeOf(spans: readonly Span[], offset: number): number | null {
  let time: number | null = null;
  for (const span of spans) {
    if (span.from > offset) break;
    time = span.start ?? time;
  }
  return time;
}
