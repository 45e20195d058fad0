import type { Address } from "../address.ts";
import type { Item } from "../contract.ts";
import { el } from "../dom.ts";
import { duration, money } from "../wording.ts";

type Open = (item: Item) => void;

/** The items as a table; names of transcripts lead to them. */
export function itemTable(items: readonly Item[], address: Address, open: Open): HTMLElement {
  const heads = [
    ["Recording", ""], ["State", ""], ["Audio", "number"], ["Speakers", "number wide"], ["Cost", "number wide"],
  ] as const;
  const head = el("tr", {}, ...heads.map(([text, kind]) => el("th", { scope: "col", class: kind }, text)));
  return el("table", {}, el("thead", {}, head), el("tbody", {}, ...items.map((item) => row(item, address, open))));
}

function row(item: Item, address: Address, open: Open): HTMLElement {
  const { error, outputs, audio_seconds, speakers, cost } = item;
  const below = error ?? outputs[0] ?? null;
  const name = el("th", { scope: "row" }, nameOf(item, address, open), below && el("p", { class: error ? "error" : "output" }, below));
  const state = el("span", { class: "state", "data-state": item.status }, item.state ?? item.status);
  return el(
    "tr",
    {},
    name,
    el("td", {}, state),
    el("td", { class: "number" }, audio_seconds === null ? "" : duration(audio_seconds)),
    el("td", { class: "number wide" }, speakers === null ? "" : String(speakers)),
    el("td", { class: "number wide" }, cost === null ? "" : money(cost)),
  );
}

function nameOf(item: Item, address: Address, open: Open): Node {
  if (!item.has_transcript) return el("span", { title: item.source }, item.name);
  const link = el("a", { href: address.page(item.no), title: item.source }, item.name);
  link.addEventListener("click", (event) => {
    if (event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    open(item);
  });
  return link;
}
