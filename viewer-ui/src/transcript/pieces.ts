import type { Segment, SpeechEvent } from "../contract.ts";
import { segmentAt, type Starts } from "./moments.ts";
import { spansOf } from "./words.ts";

export type Piece = string | SpeechEvent;

/** The events of each segment, by its number in the list. Events without a segment are assigned by their time. */
export function eventsBySegment(segments: readonly Segment[], events: readonly SpeechEvent[], starts: Starts): Map<number, SpeechEvent[]> {
  const places = new Map(segments.map((segment, place) => [segment.no, place]));
  const found = new Map<number, SpeechEvent[]>();
  for (const event of events) {
    const named = event.segment_no === null ? undefined : places.get(event.segment_no);
    const place = named ?? (event.start === null ? null : segmentAt(starts, event.start));
    if (place === null) continue;
    const others = found.get(place);
    if (others) others.push(event);
    else found.set(place, [event]);
  }
  return found;
}

/** A segment's text, divided at its events: each comes after the words that end before it. */
export function piecesOf(segment: Segment, events: readonly SpeechEvent[]): Piece[] {
  if (events.length === 0) return [segment.text];
  const spans = spansOf(segment);
  const offsetOf = (event: SpeechEvent) => {
    const before = spans.findLast((span) => event.start !== null && span.end !== null && span.end <= event.start + 0.001);
    return before?.to ?? 0;
  };
  const pieces: Piece[] = [];
  let written = 0;
  for (const event of events) {
    const offset = Math.max(written, offsetOf(event));
    if (offset > written) pieces.push(segment.text.slice(written, offset));
    pieces.push(event);
    written = offset;
  }
  if (written < segment.text.length) pieces.push(segment.text.slice(written));
  return pieces;
}
