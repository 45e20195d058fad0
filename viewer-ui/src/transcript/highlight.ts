/** Colours parts of the text without touching it: `::highlight(name)` in the style sheet. Old browsers show none. */
export function highlight(name: "found" | "chosen" | "word", ranges: Iterable<StaticRange | null>): void {
  if (typeof Highlight === "undefined") return;
  CSS.highlights.set(name, new Highlight(...Array.from(ranges).filter((range) => range !== null)));
}
