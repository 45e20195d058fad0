import { highlight } from "./highlight.ts";
import { letterAt, rangeOf } from "./letters.ts";
import type { SegmentList } from "./list.ts";
import { segmentAt } from "./moments.ts";
import type { Position } from "./position.ts";
import type { Script } from "./script.ts";
import { type Span, spanAt, spansOf, timeOf } from "./words.ts";

/** Connects the text with the position: marks the current segment and word, and seeks to clicked text. */
export class Follower {
  /** Whether the window scrolls while the recording plays. */
  isFollowing = true;
  private current: { place: number; spans: Span[] } | null = null;
  private word: Span | null = null;
  private readonly script: Script;
  private readonly list: SegmentList;
  private readonly position: Position;

  constructor(script: Script, list: SegmentList, position: Position) {
    [this.script, this.list, this.position] = [script, list, position];
    list.element.addEventListener("click", (event) => this.click(event));
    position.onMove((seconds, cause) => this.show(seconds, cause === "sought" || this.isFollowing));
    list.onDraw(() => this.paint());
  }

  /** Seek to the segment before or after the current one; without times only scroll to it. */
  step(by: 1 | -1): void {
    const place = this.list.place + by;
    const { segments } = this.script;
    if (place < 0 || place >= segments.length) return;
    const start = segments[place]?.start ?? null;
    if (start !== null) this.position.seek(start);
    this.list.focus(place);
  }

  private show(seconds: number, scroll: boolean): void {
    const place = segmentAt(this.script.starts, seconds);
    if (place !== (this.current?.place ?? null)) this.enter(place, scroll);
    const word = this.current && spanAt(this.current.spans, seconds);
    if (word === this.word) return;
    this.word = word;
    this.paint();
  }

  private paint(): void {
    const said = this.current && this.list.said(this.current.place);
    highlight("word", this.word && said ? [rangeOf(said, this.word.from, this.word.to)] : []);
  }

  private enter(place: number | null, scroll: boolean): void {
    const segment = place === null ? undefined : this.script.segments[place];
    this.current = place === null || segment === undefined ? null : { place, spans: spansOf(segment) };
    this.list.mark(place);
    if (place === null) return;
    this.list.read(place);
    if (scroll) this.list.scrollTo(place);
  }

  private click(event: MouseEvent): void {
    const target = event.target as Element;
    const place = this.list.placeOf(target);
    const isLink = target.closest("a") !== null;
    // A selection is for copying, so it does not seek. Keys that open links in other tabs keep their meaning.
    if (place === null || event.ctrlKey || event.metaKey || (!isLink && !getSelection()?.isCollapsed)) return;
    const segment = this.script.segments[place];
    const said = this.list.said(place);
    if (segment === undefined || said === null) return;
    const letter = isLink ? null : letterAt(said, event.clientX, event.clientY);
    const seconds = (letter === null ? null : timeOf(spansOf(segment), letter)) ?? segment.start;
    if (seconds === null) return;
    event.preventDefault();
    this.list.read(place);
    this.position.seek(seconds);
  }
}
