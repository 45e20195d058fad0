import { el, set, svg } from "../dom.ts";
import { clock } from "../wording.ts";
import { barsOf, marksOf, ticksOf } from "./drawing.ts";
import { segmentAt } from "./moments.ts";
import type { Names } from "./names.ts";
import { type Position, STEP_SECONDS } from "./position.ts";
import type { Script } from "./script.ts";

const TICKS = 6;
// Half a pixel of a wide window: gaps between bars that are smaller cannot be seen.
const MOST_BARS = 2000;

/** The timeline: one lane for each speaker, one for events, and the position, which users can move. Its bars come last. */
export class Timeline {
  readonly element: HTMLElement;
  private readonly strip = el("div", { class: "strip", role: "slider", tabindex: 0, "aria-label": "Position", "aria-valuemin": 0 });
  private readonly head = el("div", { class: "head" });
  private readonly hint = el("div", { class: "hint", "aria-hidden": "true", hidden: true });
  private readonly script: Script;
  private readonly names: Names;
  private readonly position: Position;

  constructor(script: Script, names: Names, position: Position) {
    [this.script, this.names, this.position] = [script, names, position];
    this.strip.style.setProperty("--lanes", String(this.lanes()));
    this.strip.append(this.head, this.hint);
    set(this.strip, { "aria-valuemax": Math.round(position.length) });
    this.element = el("div", { class: "timeline" }, this.strip, this.scale());
    this.strip.addEventListener("pointerdown", (event) => this.press(event));
    this.strip.addEventListener("pointermove", (event) => this.hover(event));
    this.strip.addEventListener("pointerleave", () => set(this.hint, { hidden: true }));
    this.strip.addEventListener("keydown", (event) => this.key(event));
    position.onMove(() => this.show());
    names.onChange(() => this.show());
    script.onEnd(() => this.strip.prepend(this.drawing()));
    this.show();
  }

  private lanes(): number {
    const { speakers, timed_event_count } = this.script.head;
    return Math.max(1, speakers.length + (timed_event_count > 0 ? 1 : 0));
  }

  private drawing(): SVGSVGElement {
    const { head: { speakers }, segments, events } = this.script;
    const gap = this.position.length / MOST_BARS;
    const bars = [...barsOf(segments, (speaker) => this.names.lane(speaker), gap)];
    const paths = bars.map(([lane, d]) => svg("path", { d, class: `bar ${this.names.colour(speakers[lane]?.id ?? null)}` }));
    const marks = marksOf(events, speakers.length, gap);
    const viewBox = `0 0 ${this.position.length} ${this.lanes()}`;
    const drawing = svg("svg", { viewBox, preserveAspectRatio: "none", "aria-hidden": "true" }, ...paths);
    if (marks !== "") drawing.append(svg("path", { d: marks, class: "mark" }));
    return drawing;
  }

  private scale(): HTMLElement {
    // The last label would not fit before the end.
    const shown = ticksOf(this.position.length, TICKS).filter((seconds) => seconds < this.position.length * 0.95);
    const ticks = shown.map((seconds) => {
      const tick = el("span", {}, clock(seconds));
      tick.style.left = this.share(seconds);
      return tick;
    });
    return el("div", { class: "scale", "aria-hidden": "true" }, ...ticks);
  }

  private show(): void {
    const { seconds } = this.position;
    this.head.style.left = this.share(seconds);
    set(this.strip, { "aria-valuenow": Math.round(seconds), "aria-valuetext": this.describe(seconds) });
  }

  private press(event: PointerEvent): void {
    this.strip.setPointerCapture(event.pointerId);
    this.position.seek(this.secondsAt(event));
  }

  /** The keys of a slider, in addition to those of the page. */
  private key(event: KeyboardEvent): void {
    const { seconds, length } = this.position;
    const keys: Partial<Record<string, number>> = { Home: 0, End: length, ArrowUp: seconds + STEP_SECONDS, ArrowDown: seconds - STEP_SECONDS };
    const target = keys[event.key];
    if (target === undefined) return;
    event.preventDefault();
    event.stopPropagation();
    this.position.seek(target);
  }

  private hover(event: PointerEvent): void {
    const seconds = this.secondsAt(event);
    if (this.strip.hasPointerCapture(event.pointerId)) this.position.seek(seconds);
    this.hint.textContent = this.describe(seconds);
    this.hint.style.left = this.share(seconds);
    set(this.hint, { hidden: false });
  }

  private describe(seconds: number): string {
    const place = segmentAt(this.script.starts, seconds);
    const speaker = place === null ? null : (this.script.segments[place]?.speaker ?? null);
    return speaker === null ? clock(seconds) : `${clock(seconds)} ${this.names.of(speaker)}`;
  }

  private secondsAt(event: PointerEvent): number {
    const { left, width } = this.strip.getBoundingClientRect();
    return Math.min(1, Math.max(0, (event.clientX - left) / width)) * this.position.length;
  }

  private share(seconds: number): string {
    return `${(100 * seconds) / this.position.length}%`;
  }
}
