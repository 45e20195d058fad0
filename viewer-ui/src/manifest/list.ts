import type { Address } from "../address.ts";
import { ask } from "../api.ts";
import type { Filter, Item, Items } from "../contract.ts";
import { button, el, set } from "../dom.ts";
import { failure, isAbort, loading, nothing } from "../message.ts";
import { itemTable } from "./table.ts";

const FILTERS: readonly Filter[] = ["all", "done", "failed", "skipped", "running"];
const PAGE = 100;
const PAUSE_MILLISECONDS = 250;

/** All items of a run, one page at a time. The server selects them by state and name. */
export class ItemList {
  readonly element: HTMLElement;
  readonly field = el("input", { type: "search", "aria-label": "Search by name", placeholder: "Search by name", "aria-keyshortcuts": "/" });
  private readonly buttons: Map<Filter, HTMLButtonElement>;
  private readonly body = el("div", { class: "body" }, loading("the recordings"));
  private readonly told = el("output");
  private readonly previous = button("Previous", () => this.turn(-PAGE));
  private readonly next = button("Next", () => this.turn(PAGE));
  private filter: Filter = "all";
  private offset = 0;
  private shown = "";
  private request = new AbortController();
  private readonly address: Address;
  private readonly open: (item: Item) => void;

  constructor(address: Address, open: (item: Item) => void) {
    [this.address, this.open] = [address, open];
    this.buttons = new Map(FILTERS.map((filter) => [filter, button(filter, () => this.choose(filter), { "aria-pressed": filter === "all" ? "true" : "false" })]));
    const filters = el("div", { class: "filters", role: "group", "aria-label": "Filter by state" }, ...this.buttons.values());
    const pages = el("nav", { class: "pages", "aria-label": "Pages" }, this.told, this.previous, this.next);
    this.element = el("section", { class: "items", "aria-label": "Recordings" }, el("div", { class: "controls" }, filters, this.field, pages), this.body);
    let timer: ReturnType<typeof setTimeout>;
    this.field.addEventListener("input", () => {
      clearTimeout(timer);
      timer = setTimeout(() => this.from(0), PAUSE_MILLISECONDS);
    });
  }

  showCounts(counts: Record<Filter, number>): void {
    for (const [filter, one] of this.buttons) one.textContent = `${filter} ${counts[filter].toLocaleString("en")}`;
  }

  /** Request the page again, and show it if it has changed. */
  async load(): Promise<void> {
    this.request.abort();
    this.request = new AbortController();
    const query = { filter: this.filter, q: this.field.value.trim(), offset: this.offset, limit: PAGE };
    try {
      this.show(await ask<Items>(this.address.api("items", query), this.request.signal));
    } catch (error) {
      if (isAbort(error)) return; // a newer request is on its way
      this.shown = "";
      this.body.replaceChildren(failure(error, () => void this.load()));
    }
  }

  private show(page: Items): void {
    const { items, total, offset } = page;
    const text = JSON.stringify(page);
    if (text === this.shown) return;
    this.shown = text;
    const last = offset + items.length;
    this.told.textContent = total === 0 ? "" : `${(offset + 1).toLocaleString("en")}–${last.toLocaleString("en")} of ${total.toLocaleString("en")}`;
    set(this.previous, { disabled: offset === 0 });
    set(this.next, { disabled: last >= total });
    this.body.replaceChildren(items.length > 0 ? itemTable(items, this.address, this.open) : nothing(this.emptiness()));
  }

  private emptiness(): string {
    if (this.field.value.trim() !== "") return "No recording has such a name.";
    return this.filter === "all" ? "This task has no recordings." : `No recording is ${this.filter}.`;
  }

  private choose(filter: Filter): void {
    this.filter = filter;
    for (const [one, its] of this.buttons) set(its, { "aria-pressed": String(one === filter) });
    this.from(0);
  }

  private turn(by: number): void {
    this.from(Math.max(0, this.offset + by));
  }

  private from(offset: number): void {
    this.offset = offset;
    void this.load();
  }
}
