import type { Segment, SpeechEvent } from "../contract.ts";
import { el } from "../dom.ts";
import { clock } from "../wording.ts";
import type { Names } from "./names.ts";
import { piecesOf } from "./pieces.ts";

// The style sheet's sizes, for the height of a row that is not drawn.
const [LINE_PIXELS, TIME_PIXELS, PADDING_PIXELS, TURN_PIXELS] = [22.5, 25.6, 4.8, 32.1];
const [LETTER_PIXELS, SIDES_PIXELS, WIDEST_PIXELS] = [7, 110, 1152];

/** One segment of the list; `isTurn`: another speaker than before. */
export interface Place {
  readonly segment: Segment;
  readonly place: number;
  readonly isTurn: boolean;
  readonly events: readonly SpeechEvent[];
}

/** The element of a segment: speaker, time, text. */
export function rowOf({ segment, place, isTurn, events }: Place, names: Names, total: number): HTMLElement {
  const { speaker, start } = segment;
  const who = isTurn && speaker !== null ? el("span", { class: "who", "data-speaker": speaker }, names.of(speaker)) : null;
  const time = start === null ? null : el("a", { class: "time", href: `#s${segment.no}`, tabindex: -1 }, clock(start));
  const pieces = piecesOf(segment, events).map((piece) => (typeof piece === "string" ? piece : mark(piece)));
  return el(
    "div",
    {
      id: `s${segment.no}`, role: "listitem", "aria-posinset": place + 1, "aria-setsize": total,
      class: `segment ${isTurn ? "turn" : ""} ${names.colour(speaker)}`, "data-place": place,
    },
    who,
    time,
    el("p", { class: "said", dir: "auto" }, ...pieces),
  );
}

/** The approximate height of a segment's element in pixels, from the number of its letters. */
export function heightOf({ text }: Segment, isTurn: boolean, windowPixels: number): number {
  const lettersOfLine = Math.max(10, (Math.min(windowPixels, WIDEST_PIXELS) - SIDES_PIXELS) / LETTER_PIXELS);
  const lines = Math.max(1, Math.ceil(text.length / lettersOfLine));
  return Math.max(lines * LINE_PIXELS, TIME_PIXELS) + PADDING_PIXELS + (isTurn ? TURN_PIXELS : 0);
}

function mark(event: SpeechEvent): HTMLElement {
  const title = event.start === null ? event.raw : `${event.raw} at ${clock(event.start)}`;
  return el("span", { class: "event", title }, `[${event.kind}]`);
}
