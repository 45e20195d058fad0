import type { Segment } from "../contract.ts";
import { el, set } from "../dom.ts";
import { Chunks } from "./chunks.ts";
import type { Names } from "./names.ts";
import { heightOf, rowOf } from "./row.ts";
import type { Script } from "./script.ts";

/** The text: one item for each segment, with the name of each new speaker. Only items near the window are drawn. */
export class SegmentList {
  readonly element: HTMLElement;
  private readonly chunks: Chunks;
  private readonly script: Script;
  private readonly names: Names;
  private reading = 0;
  private current: number | null = null;

  constructor(script: Script, names: Names, signal: AbortSignal) {
    [this.names, this.script] = [names, script];
    const width = innerWidth;
    const rows = {
      total: script.head.segment_count,
      draw: (place: number) => this.draw(place),
      height: (place: number) => heightOf(this.segment(place), this.isTurn(place), width),
      isKept: (place: number) => place === this.reading,
    };
    this.chunks = new Chunks(rows, signal);
    this.element = el("div", { class: "segments", role: "list", "aria-label": "Transcript", "aria-busy": "true", lang: script.head.language });
    this.grow([]);
    script.onGrowth((redraw) => this.grow(redraw));
    script.onEnd(() => set(this.element, { "aria-busy": null }));
    names.onChange(() => this.showNames());
  }

  /** Call it when other segments are drawn. */
  onDraw(listener: () => void): void {
    this.chunks.onDraw(listener);
  }

  isDrawn(place: number): boolean {
    return this.chunks.isDrawn(place);
  }

  /** The text of a segment, or null if it is not drawn. */
  said(place: number): HTMLElement | null {
    return this.chunks.row(place)?.querySelector<HTMLElement>(".said") ?? null;
  }

  /** The number in the list of the segment that contains an element. */
  placeOf(element: Element): number | null {
    const row = element.closest<HTMLElement>(".segment");
    return row === null ? null : Number(row.dataset["place"]);
  }

  /** The one segment that the Tab key reaches. */
  get place(): number {
    return this.reading;
  }

  read(place: number): void {
    const before = this.reading;
    this.time(before)?.setAttribute("tabindex", "-1");
    this.reading = place;
    this.time(place)?.setAttribute("tabindex", "0");
    if (!this.isDrawn(place)) this.chunks.drawAround(place);
    this.chunks.release(before);
  }

  /** Mark a segment, or none, as the current one. */
  mark(place: number | null): void {
    const before = this.current;
    this.current = place;
    for (const one of [before, place]) {
      const row = one === null ? null : this.chunks.row(one);
      if (row !== null) set(row, { "aria-current": one === place ? "true" : null });
    }
  }

  focus(place: number): void {
    this.read(place);
    this.time(place)?.focus({ preventScroll: true });
    this.scrollTo(place);
  }

  /** Scroll a segment to the middle of the window unless it is visible. */
  scrollTo(place: number): void {
    this.chunks.drawAround(place);
    const row = this.chunks.row(place);
    if (row !== null && !isInSight(row)) row.scrollIntoView({ block: "center" });
  }

  /** Go to the segment that an address names, as `#s12`. Return whether it has arrived. */
  goTo(hash: string): boolean {
    const number = Number(hash.slice(2));
    const place = this.script.segments.findIndex(({ no }) => no === number);
    if (place < 0) return false;
    this.read(place);
    this.scrollTo(place);
    return this.isDrawn(place);
  }

  private grow(redraw: readonly number[]): void {
    this.element.append(...this.chunks.grow(this.script.segments.length));
    for (const place of redraw) this.chunks.redraw(place);
  }

  private time(place: number): HTMLElement | null {
    return this.chunks.row(place)?.querySelector<HTMLElement>(".time") ?? null;
  }

  private segment(place: number): Segment {
    return this.script.segments[place] as Segment;
  }

  private isTurn(place: number): boolean {
    return place === 0 || this.segment(place).speaker !== this.segment(place - 1).speaker;
  }

  private draw(place: number): HTMLElement {
    const one = { segment: this.segment(place), place, isTurn: this.isTurn(place), events: this.script.eventsOf(place) };
    const row = rowOf(one, this.names, this.script.head.segment_count);
    set(row, { "aria-current": place === this.current ? "true" : null });
    if (place === this.reading) row.querySelector(".time")?.setAttribute("tabindex", "0");
    return row;
  }

  private showNames(): void {
    for (const who of this.element.querySelectorAll<HTMLElement>(".who")) {
      who.textContent = this.names.of(who.dataset["speaker"] ?? "");
    }
  }
}

function isInSight(row: HTMLElement): boolean {
  const { top, bottom } = row.getBoundingClientRect();
  const covered = document.querySelector(".toolbar")?.getBoundingClientRect().bottom ?? 0;
  return top >= covered && bottom <= innerHeight;
}
