import type { Segment, SpeechEvent, Transcript } from "../contract.ts";
import { el } from "../dom.ts";
import { clock } from "../wording.ts";
import { startsOf } from "./moments.ts";
import type { Names } from "./names.ts";
import { eventsBySegment, piecesOf } from "./pieces.ts";

/** The text: an item a segment, a speaker's name where the turn goes to them. */
export class SegmentList {
  readonly element: HTMLElement;
  readonly rows: HTMLElement[];
  private readonly names: Names;
  private reading = 0;

  constructor(transcript: Transcript, names: Names) {
    this.names = names;
    const { segments } = transcript;
    const events = eventsBySegment(segments, transcript.events, startsOf(segments));
    this.rows = segments.map((segment, place) => {
      const isTurn = place === 0 || segment.speaker !== segments[place - 1]?.speaker;
      return this.row(segment, place, isTurn, events.get(place) ?? []);
    });
    // The role: Safari takes it from lists without bullets.
    this.element = el("ol", { class: "segments", role: "list", "aria-label": "Transcript", lang: transcript.language }, ...this.rows);
    this.read(0);
    names.onChange(() => this.showNames());
  }

  /** The text of a segment. */
  said(place: number): HTMLElement | null {
    return this.rows[place]?.querySelector<HTMLElement>(".said") ?? null;
  }

  /** The place of the segment that an element is in. */
  placeOf(element: Element): number | null {
    const row = element.closest<HTMLElement>("li.segment");
    return row === null ? null : Number(row.dataset["place"]);
  }

  /** The one segment that Tab leads to. */
  get place(): number {
    return this.reading;
  }

  read(place: number): void {
    this.time(this.reading)?.setAttribute("tabindex", "-1");
    this.reading = place;
    this.time(place)?.setAttribute("tabindex", "0");
  }

  focus(place: number): void {
    this.read(place);
    this.time(place)?.focus({ preventScroll: true });
    this.scrollTo(place);
  }

  /** Bring a segment to the middle of the window unless it is in sight. */
  scrollTo(place: number): void {
    const row = this.rows[place];
    if (row === undefined || isInSight(row)) return;
    row.scrollIntoView({ block: "center" });
    // Its neighbours get their true heights only now.
    requestAnimationFrame(() => row.scrollIntoView({ block: "center" }));
  }

  private time(place: number): HTMLElement | null {
    return this.rows[place]?.querySelector<HTMLElement>(".time") ?? null;
  }

  private row(segment: Segment, place: number, isTurn: boolean, events: SpeechEvent[]): HTMLElement {
    const { speaker, start } = segment;
    const who = isTurn && speaker !== null ? el("span", { class: "who", "data-speaker": speaker }, this.names.of(speaker)) : null;
    const time = start === null ? null : el("a", { class: "time", href: `#s${segment.no}`, tabindex: -1 }, clock(start));
    const pieces = piecesOf(segment, events).map((piece) => (typeof piece === "string" ? piece : mark(piece)));
    const kind = `segment ${isTurn ? "turn" : ""} ${this.names.colour(speaker)}`;
    return el("li", { id: `s${segment.no}`, class: kind, "data-place": place }, who, time, el("p", { class: "said", dir: "auto" }, ...pieces));
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

function mark(event: SpeechEvent): HTMLElement {
  const title = event.start === null ? event.raw : `${event.raw} at ${clock(event.start)}`;
  return el("span", { class: "event", title }, `[${event.kind}]`);
}
