import { el } from "../dom.ts";

const CHUNK = 50;
// Shorter lists are drawn whole, so that the browser's own search, printing and copying find all of their text.
const ALWAYS_WHOLE = 500;
const MARGIN_PIXELS = 1500;
// More than a window shows. The observer draws the others, once it knows the window.
const DRAWN_FIRST = 100;

/** Rows `from` to before `to`. */
interface Chunk {
  readonly element: HTMLElement;
  readonly from: number;
  readonly to: number;
  isNear: boolean;
  isDrawn: boolean;
}

export interface Rows {
  /** The number of rows once all have arrived. */
  readonly total: number;
  /** Make a row's element. */
  draw(place: number): HTMLElement;
  /** An estimate, in pixels, for a row that has not been drawn yet. */
  height(place: number): number;
  /** Whether a row keeps its element outside of the window. */
  isKept(place: number): boolean;
}

/** Draws the rows near the window only, so that a list of 50,000 rows has as many elements as one of 500. */
export class Chunks {
  private readonly chunks: Chunk[] = [];
  private readonly rows: Rows;
  private readonly listeners: (() => void)[] = [];
  private readonly observer: IntersectionObserver | null;

  constructor(rows: Rows, signal: AbortSignal) {
    this.rows = rows;
    const isWhole = rows.total <= ALWAYS_WHOLE;
    // The root is the document: the margin of an implicit root does not work inside Airflow's frame.
    const options = { root: document, rootMargin: `${MARGIN_PIXELS}px 0px` };
    this.observer = isWhole ? null : new IntersectionObserver((entries) => this.observe(entries), options);
    addEventListener("beforeprint", () => this.chunks.forEach((chunk) => this.draw(chunk)), { signal });
    signal.addEventListener("abort", () => this.observer?.disconnect());
  }

  /** Return the elements of more rows, of which this many have arrived. */
  grow(arrived: number): HTMLElement[] {
    // A chunk is made once all of its rows are there.
    const count = arrived < this.rows.total ? Math.floor(arrived / CHUNK) : Math.ceil(arrived / CHUNK);
    const grown: Chunk[] = [];
    for (let index = this.chunks.length; index < count; index++) grown.push(this.chunk(index, arrived));
    this.chunks.push(...grown);
    const drawn = this.observer === null ? grown : grown.filter((chunk) => chunk.from < DRAWN_FIRST);
    for (const chunk of drawn) this.draw(chunk);
    for (const { element } of grown) this.observer?.observe(element);
    if (drawn.length > 0) this.tell();
    return grown.map(({ element }) => element);
  }

  /** Draw a row again, if it is drawn. */
  redraw(place: number): void {
    this.row(place)?.replaceWith(this.rows.draw(place));
  }

  /** Call it after rows were drawn. */
  onDraw(listener: () => void): void {
    this.listeners.push(listener);
  }

  /** A row's element, or null if it is not drawn. */
  row(place: number): HTMLElement | null {
    const chunk = this.chunkOf(place);
    return chunk?.isDrawn ? (chunk.element.children[place - chunk.from] as HTMLElement | undefined) ?? null : null;
  }

  isDrawn(place: number): boolean {
    return this.chunkOf(place)?.isDrawn ?? false;
  }

  /** Draw a row now, before the window gets there, with those that a window around it shows. */
  drawAround(place: number): void {
    const index = Math.floor(place / CHUNK);
    const around = this.chunks.slice(Math.max(0, index - 1), index + 2).filter((chunk) => !chunk.isDrawn);
    for (const chunk of around) this.draw(chunk);
    if (around.length > 0) this.tell();
  }

  /** Remove the elements of a chunk that is outside of the window and no longer kept. */
  release(place: number): void {
    const chunk = this.chunkOf(place);
    if (chunk !== undefined) this.erase([chunk]);
  }

  private chunkOf(place: number): Chunk | undefined {
    return this.chunks[Math.floor(place / CHUNK)];
  }

  private chunk(index: number, arrived: number): Chunk {
    const [from, to] = [index * CHUNK, Math.min((index + 1) * CHUNK, arrived)];
    const element = el("div", { class: "chunk" });
    let height = 0;
    for (let place = from; place < to; place++) height += this.rows.height(place);
    element.style.height = `${height}px`;
    return { element, from, to, isNear: false, isDrawn: false };
  }

  private observe(entries: IntersectionObserverEntry[]): void {
    const byElement = new Map(entries.map((entry) => [entry.target, entry.isIntersecting]));
    for (const chunk of this.chunks) chunk.isNear = byElement.get(chunk.element) ?? chunk.isNear;
    const isAtEnd = scrollY > 0 && scrollY + innerHeight >= document.documentElement.scrollHeight - 1;
    for (const chunk of this.chunks.filter((one) => one.isNear)) this.draw(chunk);
    this.erase(this.chunks);
    // The heights of rows that were not drawn were estimates, so the end has moved.
    if (isAtEnd) scrollTo(0, document.documentElement.scrollHeight);
    this.tell();
  }

  private draw(chunk: Chunk): void {
    if (chunk.isDrawn) return;
    chunk.isDrawn = true;
    const before = anchorsItself ? null : chunk.element.getBoundingClientRect();
    chunk.element.style.height = "";
    chunk.element.replaceChildren(...Array.from({ length: chunk.to - chunk.from }, (_, index) => this.rows.draw(chunk.from + index)));
    if (before !== null && before.height > 0 && before.bottom < 0) scrollBy(0, chunk.element.offsetHeight - before.height);
  }

  private erase(chunks: readonly Chunk[]): void {
    const far = this.observer === null ? [] : chunks.filter((chunk) => chunk.isDrawn && !chunk.isNear && !this.isKept(chunk));
    // Read all heights before the first change: each read after a change computes the layout again.
    const heights = far.map((chunk) => chunk.element.offsetHeight);
    far.forEach((chunk, index) => {
      chunk.isDrawn = false;
      chunk.element.style.height = `${heights[index]}px`;
      chunk.element.replaceChildren();
    });
  }

  private isKept({ element, from, to }: Chunk): boolean {
    const selection = getSelection();
    const isSelected = selection !== null && !selection.isCollapsed && selection.containsNode(element, true);
    if (isSelected || element.contains(document.activeElement)) return true;
    for (let place = from; place < to; place++) if (this.rows.isKept(place)) return true;
    return false;
  }

  private tell(): void {
    for (const listener of this.listeners) listener();
  }
}

// Safari does not hold the text still if a part above the window gets another height.
const anchorsItself = CSS.supports("overflow-anchor", "auto");
