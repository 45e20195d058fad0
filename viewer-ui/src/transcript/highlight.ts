// Old browsers have no highlights.
const isKnown = typeof Highlight !== "undefined";

/** Colors parts of the text without changing its elements: `::highlight(name)` in the style sheet. */
export function highlight(name: "found" | "chosen" | "word", ranges: Iterable<StaticRange | null>): void {
  if (isKnown) CSS.highlights.set(name, new Highlight(...Array.from(ranges).filter((range) => range !== null)));
}

/** Remove the highlight. */
export function clearHighlights(): void {
  if (isKnown) CSS.highlights.clear();
}
