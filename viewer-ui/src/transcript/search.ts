import { button, el } from "../dom.ts";
import { icon } from "../icons.ts";
import { find, type Hit, nextHit } from "./find.ts";
import { highlight } from "./highlight.ts";
import { rangeOf } from "./letters.ts";
import type { SegmentList } from "./list.ts";
import type { Script } from "./script.ts";

const PAUSE_MILLISECONDS = 150;

/** The search field of the transcript, with buttons for the next and the previous hit. */
export class Search {
  readonly element: HTMLElement;
  readonly field = el("input", { type: "search", "aria-label": "Search in the transcript", placeholder: "Search", "aria-keyshortcuts": "/" });
  private readonly told = el("output", { class: "hits" });
  private readonly script: Script;
  private readonly list: SegmentList;
  private hits: Hit[] = [];
  private chosen: number | null = null;
  private timer = 0;

  constructor(script: Script, list: SegmentList) {
    [this.script, this.list] = [script, list];
    const [previous, next] = [button("", () => this.step(-1), { "aria-label": "Previous hit" }), button("", () => this.step(1), { "aria-label": "Next hit" })];
    previous.append(icon("up"));
    next.append(icon("down"));
    this.element = el("search", { class: "search" }, this.field, this.told, previous, next);
    this.field.addEventListener("input", () => {
      clearTimeout(this.timer);
      this.timer = setTimeout(() => this.run(), PAUSE_MILLISECONDS);
    });
    this.field.addEventListener("keydown", (event) => this.key(event));
    list.onDraw(() => this.paint());
    script.onEnd(() => this.extend());
  }

  private key(event: KeyboardEvent): void {
    if (event.key === "Enter") {
      event.preventDefault();
      this.step(event.shiftKey ? -1 : 1);
    } else if (event.key === "Escape") {
      this.field.value = "";
      this.run();
      this.list.focus(this.list.place);
    }
  }

  /** Search again, and move to the first hit after the current segment. */
  private run(): void {
    clearTimeout(this.timer);
    this.timer = 0;
    this.find();
    this.chosen = null;
    this.step(1);
  }

  private find(): void {
    this.hits = find(this.script.segments.map((segment) => segment.text), this.field.value);
  }

  /** Add the hits in segments that arrived after the search; those before them keep their numbers. */
  private extend(): void {
    if (this.field.value.trim() === "" || this.timer !== 0) return;
    this.find();
    if (this.chosen === null) this.step(1);
    else {
      this.tell();
      this.paint();
    }
  }

  private step(by: 1 | -1): void {
    // The user can press Enter before the pause is over.
    if (this.timer !== 0) {
      this.run();
      return;
    }
    this.chosen = nextHit(this.hits, this.chosen, by, this.list.place);
    const hit = this.chosen === null ? undefined : this.hits[this.chosen];
    this.tell();
    if (hit !== undefined) {
      this.list.read(hit.place);
      this.list.scrollTo(hit.place);
    }
    this.paint();
  }

  /** Color the hits in the segments that are drawn. */
  private paint(): void {
    const chosen = this.chosen === null ? undefined : this.hits[this.chosen];
    highlight("found", this.hits.filter((hit) => this.list.isDrawn(hit.place)).map((hit) => this.range(hit)));
    highlight("chosen", chosen ? [this.range(chosen)] : []);
  }

  private tell(): void {
    const number = this.chosen === null ? "0" : (this.chosen + 1).toLocaleString("en");
    this.told.textContent = this.field.value.trim() === "" ? "" : `${number} of ${this.hits.length.toLocaleString("en")}`;
  }

  private range(hit: Hit): StaticRange | null {
    const said = this.list.said(hit.place);
    return said && rangeOf(said, hit.from, hit.to);
  }
}
