import type { Address } from "../address.ts";
import type { Item } from "../contract.ts";
import { el } from "../dom.ts";
import { duration, money } from "../wording.ts";

type Open = (item: Item) => void;

interface Column {
  readonly head: string;
  readonly kind: string;
  /** The text of a cell; null: nothing is known. */
  readonly text: (item: Item) => string | null;
}

const FACTS: readonly Column[] = [
  { head: "Audio", kind: "number", text: ({ audio_seconds }) => (audio_seconds === null ? null : duration(audio_seconds)) },
  { head: "Speakers", kind: "number wide", text: ({ speakers }) => (speakers === null ? null : String(speakers)) },
  { head: "Cost", kind: "number wide", text: ({ cost }) => (cost === null ? null : money(cost)) },
];

/** The items as a table, without the columns in which no item has a value. Names link to transcripts and recordings. */
export function itemTable(items: readonly Item[], address: Address, open: Open): HTMLElement {
  const facts = FACTS.filter(({ text }) => items.some((item) => text(item) !== null));
  const heads = [{ head: "Recording", kind: "" }, { head: "State", kind: "" }, ...facts];
  const head = el("tr", {}, ...heads.map(({ head, kind }) => el("th", { scope: "col", class: kind }, head)));
  return el("table", {}, el("thead", {}, head), el("tbody", {}, ...items.map((item) => row(item, facts, address, open))));
}

/** An item's state in the words of the filters. The manifest's or the API's own word is its title. */
export function stateOf({ status, state }: Item): HTMLElement {
  return el("span", { class: "state", "data-state": status, title: state !== null && state !== status ? state : null }, status);
}

function row(item: Item, facts: readonly Column[], address: Address, open: Open): HTMLElement {
  const below = item.error ?? item.outputs[0] ?? null;
  const name = el("th", { scope: "row" }, nameOf(item, address, open), below && el("p", { class: item.error ? "error" : "output" }, below));
  const cells = facts.map(({ kind, text }) => el("td", { class: kind }, text(item) ?? ""));
  return el("tr", {}, name, el("td", {}, stateOf(item)), ...cells);
}

function nameOf(item: Item, address: Address, open: Open): Node {
  if (!item.has_transcript && !item.has_audio) return el("span", { title: item.source }, item.name);
  const link = el("a", { href: address.page(item.no), title: item.source }, item.name);
  link.addEventListener("click", (event) => {
    if (event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    open(item);
  });
  return link;
}
