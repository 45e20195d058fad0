import type { Segment, SpeechEvent } from "../contract.ts";
import { segmentAt, type Starts } from "./moments.ts";
import { spansOf } from "./words.ts";

export type Piece = string | SpeechEvent;

/** The events of each segment, by its number in the list. */
export class Places {
  private readonly found = new Map<number, SpeechEvent[]>();
  private readonly places = new Map<number, number>();
  private waiting: SpeechEvent[] = [];

  eventsOf(place: number): readonly SpeechEvent[] {
    return this.found.get(place) ?? [];
  }

  /** Add the next segments, and events. Return the places that have more events now. */
  add(segments: readonly Segment[], events: readonly SpeechEvent[]): number[] {
    for (const { no } of segments) this.places.set(no, this.places.size);
    return this.assign(events, (event) => this.named(event));
  }

  /** Once all segments are known: events without a segment are assigned by their time. */
  end(starts: Starts): number[] {
    const waiting = this.waiting;
    this.waiting = [];
    return this.assign(waiting, (event) => this.named(event) ?? (event.start === null ? null : segmentAt(starts, event.start)));
  }

  private named({ segment_no }: SpeechEvent): number | null {
    return segment_no === null ? null : (this.places.get(segment_no) ?? null);
  }

  private assign(events: readonly SpeechEvent[], placeOf: (event: SpeechEvent) => number | null): number[] {
    const changed = new Set<number>();
    for (const event of events) {
      const place = placeOf(event);
      if (place === null) {
        this.waiting.push(event);
        continue;
      }
      const others = this.found.get(place);
      if (others) insert(others, event);
      else this.found.set(place, [event]);
      changed.add(place);
    }
    return [...changed];
  }
}

/** Events without a segment arrive last, but can come before others of the segment at their time. */
function insert(events: SpeechEvent[], event: SpeechEvent): void {
  const { segment_no, start } = event;
  const later = segment_no === null && start !== null ? events.findIndex((other) => other.start !== null && other.start > start) : -1;
  events.splice(later < 0 ? events.length : later, 0, event);
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
