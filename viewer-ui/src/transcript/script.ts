import { Refused } from "../api.ts";
import type { Segment, SpeechEvent, TranscriptHead, TranscriptPart } from "../contract.ts";
import { type Starts, startsOf } from "./moments.ts";
import { Places } from "./pieces.ts";

/** A transcript of which the first segments can be read while the others arrive. */
export class Script {
  readonly head: TranscriptHead;
  readonly segments: Segment[] = [];
  readonly events: SpeechEvent[] = [];
  private readonly placed = new Places();
  private readonly growths: ((redraw: readonly number[]) => void)[] = [];
  private readonly ends: (() => void)[] = [];
  private known: { starts: Starts; count: number } = { starts: startsOf([]), count: 0 };

  constructor(head: TranscriptHead) {
    this.head = head;
  }

  /** Call it after segments were added, with the places of older segments that have other events now. */
  onGrowth(listener: (redraw: readonly number[]) => void): void {
    this.growths.push(listener);
  }

  /** Call it once all segments have arrived. */
  onEnd(listener: () => void): void {
    this.ends.push(listener);
  }

  /** The segments that have arrived, in the order of their starts. */
  get starts(): Starts {
    const count = this.segments.length;
    if (this.known.count !== count) this.known = { starts: startsOf(this.segments), count };
    return this.known.starts;
  }

  eventsOf(place: number): readonly SpeechEvent[] {
    return this.placed.eventsOf(place);
  }

  add({ segments, events }: TranscriptPart): void {
    const before = this.segments.length;
    for (const segment of segments) this.segments.push(segment);
    for (const event of events) this.events.push(event);
    const changed = this.placed.add(segments, events);
    this.tell(changed.filter((place) => place < before));
  }

  /** Throws Refused if segments are missing. */
  end(): void {
    if (this.segments.length < this.head.segment_count) {
      throw new Refused("The response of Airflow ended before the end of the transcript. Try again.", null);
    }
    const changed = this.placed.end(this.starts);
    if (changed.length > 0) this.tell(changed);
    for (const listener of this.ends) listener();
  }

  private tell(redraw: readonly number[]): void {
    for (const listener of this.growths) listener(redraw);
  }
}
