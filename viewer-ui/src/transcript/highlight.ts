// Old browsers show none.
const isKnown = typeof Highlight !== "undefined";

/** Colours parts of the text without touching it: `::highlight(name)` in the style sheet. */
export function highlight(name: "found" | "chosen" | "word", ranges: Iterable<StaticRange | null>): void {
  if (isKnown) CSS.highlights.set(name, new Highlight(...Array.from(ranges).filter((range) => range !== null)));
}

/** Let go of the text. */
export function clearHighlights(): void {
  if (isKnown) CSS.highlights.clear();
}
