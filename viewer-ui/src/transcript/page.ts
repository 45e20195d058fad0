import type { Address } from "../address.ts";
import type { Task, TranscriptHead } from "../contract.ts";
import { button, el, set } from "../dom.ts";
import { listen, showHelp, type Shortcuts } from "../keys.ts";
import { duration, money } from "../wording.ts";
import { downloads } from "./downloads.ts";
import { Follower } from "./follow.ts";
import { clearHighlights } from "./highlight.ts";
import { SegmentList } from "./list.ts";
import { Names } from "./names.ts";
import { Player } from "./player.ts";
import { Position, STEP_SECONDS } from "./position.ts";
import type { Script } from "./script.ts";
import { Search } from "./search.ts";
import { speakerList } from "./speakers.ts";
import { Timeline } from "./timeline.ts";

/** A page, and the way to a segment of it, as `#s12`, once both the page and the segment are in the document. */
export interface TranscriptPage {
  element: HTMLElement;
  goTo(hash: string): void;
}

/** One transcript with its player, timeline, search and downloads, until the signal aborts. It grows with the script. */
export function transcriptPage(script: Script, hasAudio: boolean, task: Task, address: Address, signal: AbortSignal): TranscriptPage {
  const { head } = script;
  const names = new Names(head, address.page(head.no));
  const position = new Position(head.seconds);
  const list = new SegmentList(script, names, signal);
  const follower = new Follower(script, list, position);
  const search = new Search(script, list);
  const player = hasAudio ? new Player(address.api("audio", { no: head.no }), position, signal) : null;
  const isDrawn = head.is_timed && position.length > 0;
  const timeline = isDrawn ? new Timeline(script, names, position).element : null;
  const help = button("?", showHelp, { "aria-label": "Keyboard help", class: "help" });
  const follow = player && followSwitch(follower, signal);
  signal.addEventListener("abort", clearHighlights);
  listen(shortcutsOf(position, follower, search, player), signal);
  let sought: string | null = null;
  const goTo = (hash: string) => {
    sought = /^#s\d+$/.test(hash) && !list.goTo(hash) ? hash : null;
  };
  script.onGrowth(() => sought !== null && goTo(sought));
  for (const acted of ["wheel", "touchmove", "pointerdown", "keydown", "input"]) {
    document.addEventListener(acted, () => (sought = null), { signal, passive: true });
  }
  addEventListener("hashchange", () => goTo(location.hash), { signal });
  const element = el(
    "article",
    { class: "transcript" },
    el("div", { class: "heading" }, title(head), downloads(address, head.no, task.formats, names)),
    el("div", { class: "lanes" }, speakerList(head, names), timeline),
    el("div", { class: "toolbar" }, player && player.element, follow, search.element, help),
    head.segment_count > 0 ? list.element : el("p", { class: "message" }, "This recording contains no speech."),
  );
  return { element, goTo };
}

function title({ name, audio_seconds, language, cost }: TranscriptHead): HTMLElement {
  const facts = [
    audio_seconds === null ? null : duration(audio_seconds),
    language === null ? null : `language ${language}`,
    cost === null ? null : `cost ${money(cost)}`,
  ].filter((fact) => fact !== null);
  return el("div", {}, el("h2", {}, name), el("p", { class: "facts" }, facts.join(" · ")));
}

/** On while the text scrolls with the recording. Scrolling by hand switches it off. */
function followSwitch(follower: Follower, signal: AbortSignal): HTMLElement {
  const toggle = button("Follow", () => turn(!follower.isFollowing), { class: "follow", title: "Scroll along while the recording plays" });
  const turn = (on: boolean) => {
    follower.isFollowing = on;
    set(toggle, { "aria-pressed": String(on) });
  };
  turn(true);
  for (const moved of ["wheel", "touchmove"]) {
    document.addEventListener(moved, () => turn(false), { signal, passive: true });
  }
  return toggle;
}

function shortcutsOf(position: Position, follower: Follower, search: Search, player: Player | null): Shortcuts {
  return {
    ...(player && { " ": () => player.toggle() }),
    ArrowLeft: () => position.seek(position.seconds - STEP_SECONDS),
    ArrowRight: () => position.seek(position.seconds + STEP_SECONDS),
    ArrowUp: () => follower.step(-1),
    ArrowDown: () => follower.step(1),
    "/": () => search.field.focus(),
    "?": showHelp,
  };
}
