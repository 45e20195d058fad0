import type { Address } from "./address.ts";
import type { Item } from "./contract.ts";
import { el } from "./dom.ts";
import { listen, showHelp } from "./keys.ts";
import { stateOf } from "./manifest/table.ts";
import { Player } from "./transcript/player.ts";
import { Position, STEP_SECONDS } from "./transcript/position.ts";

/** A recording without a transcript, which failed or still runs: its state, the reason, and its player. */
export function recordingPage(item: Item, address: Address, signal: AbortSignal): HTMLElement {
  const position = new Position(item.audio_seconds ?? 0);
  const player = new Player(address.api("audio", { no: item.no }), position, signal);
  listen(
    {
      " ": () => player.toggle(),
      ArrowLeft: () => position.seek(position.seconds - STEP_SECONDS),
      ArrowRight: () => position.seek(position.seconds + STEP_SECONDS),
      "?": showHelp,
    },
    signal,
  );
  return el(
    "article",
    { class: "recording" },
    el("h2", {}, item.name, " ", stateOf(item)),
    item.error && el("p", { class: "error" }, item.error),
    el("div", { class: "toolbar" }, player.element),
  );
}
