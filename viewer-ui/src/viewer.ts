import { Address } from "./address.ts";
import { ask, askLines, Refused } from "./api.ts";
import type { Item, Items, Task, TranscriptHead, TranscriptPart } from "./contract.ts";
import { el } from "./dom.ts";
import { Header } from "./header.ts";
import { listen, showHelp } from "./keys.ts";
import { ItemList } from "./manifest/list.ts";
import { failure, isAbort, loading, nothing } from "./message.ts";
import { nextPaint, pause } from "./pauses.ts";
import { recordingPage } from "./recording.ts";
import { isOngoing, repeat } from "./refresh.ts";
import { transcriptPage } from "./transcript/page.ts";
import { Script } from "./transcript/script.ts";

/** The page: the task, and below it all items or one transcript, depending on the address. */
export class Viewer {
  readonly element: HTMLElement;
  private readonly address: Address;
  private readonly header: Header;
  private readonly main = el("main", {}, loading("the task"));
  private view = new AbortController();
  private items: ItemList | null = null;
  private task: Task | null = null;
  private shown: number | null = null;

  constructor(search: string) {
    this.address = new Address(search);
    this.header = new Header(this.address);
    this.element = el("div", { class: "viewer" }, this.header.element, this.main);
    addEventListener("popstate", () => {
      const { item } = new Address(location.search);
      // A link to a segment moves within the page.
      if (item !== this.shown) void this.show(item);
    });
  }

  /** Request the task, show the item in the address, and repeat this while the task can still add transcripts. */
  async start(): Promise<void> {
    try {
      this.take(await ask<Task>(this.address.api("task")));
      await this.show(this.address.item);
    } catch (error) {
      // Airflow before 3.4 shows the tab on every task's page. Most tasks have no transcripts, which is not an error.
      const isEmpty = error instanceof Refused && error.status === 404;
      this.main.replaceChildren(isEmpty ? nothing(error.message) : failure(error, () => void this.start()));
      return;
    }
    if (this.mayChange()) repeat(() => this.refresh());
  }

  private mayChange(): boolean {
    if (this.task === null) return false;
    const { state, counts } = this.task;
    // A task can end before its jobs do. After a failed task, the page no longer polls them.
    return isOngoing(state) || (state === "success" && counts.running > 0);
  }

  private take(task: Task): void {
    this.task = task;
    this.header.show(task);
    this.items?.showCounts(task.counts);
  }

  /** Return whether the content is final. A shown transcript and a shown error do not change. */
  private async refresh(): Promise<boolean> {
    const before = JSON.stringify(this.task);
    try {
      this.take(await ask<Task>(this.address.api("task")));
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      this.header.warn(error.message);
      return false;
    }
    if (JSON.stringify(this.task) !== before && this.main.querySelector(".transcript") === null) {
      if (this.items?.element.isConnected && this.task?.counts.all !== 1) await this.items.load();
      else await this.show(new Address(location.search).item);
    }
    return !this.mayChange();
  }

  private async show(no: number | null): Promise<void> {
    this.shown = no;
    this.view.abort();
    this.view = new AbortController();
    const { signal } = this.view;
    this.items = null;
    try {
      const item = await this.choose(no, signal);
      if (item === null) await this.showItems();
      else if (!item.has_transcript && item.has_audio) this.showRecording(item, signal);
      else await this.showTranscript(item, signal);
    } catch (error) {
      if (isAbort(error)) return;
      // The page of a transcript can play before its last lines have arrived.
      if (!signal.aborted) this.view.abort();
      this.main.replaceChildren(failure(error, () => void this.show(no)));
    }
  }

  /** The item to show: the one in the address, or the only one. */
  private async choose(no: number | null, signal: AbortSignal): Promise<Item | null> {
    const only = this.task?.counts.all === 1 ? 0 : null;
    const chosen = no ?? only;
    if (chosen === null) return null;
    const page = await ask<Items>(this.address.api("items", { filter: "all", q: "", offset: chosen, limit: 1 }), signal);
    const item = page.items.find((one) => one.no === chosen) ?? null;
    return item?.has_transcript || no !== null ? item : null;
  }

  private async showItems(): Promise<void> {
    if (this.task?.counts.all === 0) {
      const ongoing = isOngoing(this.task.state);
      this.main.replaceChildren(nothing(ongoing ? "No recordings yet. This page updates itself." : "This task has no recordings."));
      return;
    }
    this.items = new ItemList(this.address, (item) => this.go(item.no));
    if (this.task) this.items.showCounts(this.task.counts);
    this.main.replaceChildren(this.items.element);
    const { field } = this.items;
    listen({ "/": () => field.focus(), "?": showHelp }, this.view.signal);
    await this.items.load();
  }

  private async showTranscript(item: Item, signal: AbortSignal): Promise<void> {
    this.main.replaceChildren(loading("the transcript"));
    const lines = askLines(this.address.api("transcript", { no: item.no }), signal);
    const [head, first] = [await lines.next(), await lines.next()];
    if (head.done) throw new Refused("The response of Airflow was empty. Try again.", null);
    if (this.task === null) return;
    const script = new Script(head.value as TranscriptHead);
    if (!first.done) script.add(first.value as TranscriptPart);
    const page = transcriptPage(script, item.has_audio, this.task, this.address, signal);
    this.main.replaceChildren(...this.wayBack(), page.element);
    page.goTo(location.hash);
    await nextPaint();
    for await (const part of lines) {
      script.add(part as TranscriptPart);
      // Without a pause, no click is handled and nothing is drawn until the last line.
      await pause();
    }
    script.end();
  }

  private showRecording(item: Item, signal: AbortSignal): void {
    this.main.replaceChildren(...this.wayBack(), recordingPage(item, this.address, signal));
  }

  /** The link to all recordings, if there are others. */
  private wayBack(): HTMLElement[] {
    if (this.task?.counts.all === 1) return [];
    const link = el("a", { href: this.address.page(null) }, "All recordings");
    link.addEventListener("click", (event) => {
      event.preventDefault();
      this.go(null);
    });
    return [el("nav", { class: "back", "aria-label": "Back" }, link)];
  }

  private go(no: number | null): void {
    history.pushState(null, "", this.address.page(no));
    scrollTo(0, 0);
    void this.show(no);
  }
}
