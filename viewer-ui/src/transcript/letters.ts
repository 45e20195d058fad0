// Converts letters of a segment's text to the nodes that contain them, and back. Marks of events are not letters.

/** A part of the text as a range for highlighting. Marks of events can interrupt it. */
export function rangeOf(said: HTMLElement, from: number, to: number): StaticRange | null {
  const [start, end] = [nodeAt(said, from, false), nodeAt(said, to, true)];
  if (start === null || end === null) return null;
  return new StaticRange({
    startContainer: start.node, startOffset: start.offset, endContainer: end.node, endOffset: end.offset,
  });
}

/** The clicked letter; null if the click hit no letter. */
export function letterAt(said: HTMLElement, x: number, y: number): number | null {
  const caret = caretAt(x, y);
  let passed = 0;
  for (const node of textsOf(said)) {
    if (node === caret?.node) return passed + caret.offset;
    passed += node.length;
  }
  return null;
}

function textsOf(said: HTMLElement): Text[] {
  return Array.from(said.childNodes).filter((node) => node instanceof Text);
}

function nodeAt(said: HTMLElement, letter: number, isEnd: boolean): { node: Text; offset: number } | null {
  let passed = 0;
  for (const node of textsOf(said)) {
    const offset = letter - passed;
    if (offset < node.length || (isEnd && offset === node.length)) return { node, offset };
    passed += node.length;
  }
  return null;
}

function caretAt(x: number, y: number): { node: Node; offset: number } | null {
  if ("caretPositionFromPoint" in document) {
    const caret = document.caretPositionFromPoint(x, y);
    return caret && { node: caret.offsetNode, offset: caret.offset };
  }
  // Safari has only this older function, which the standard no longer contains.
  const range = (document as unknown as { caretRangeFromPoint(x: number, y: number): Range | null }).caretRangeFromPoint(x, y);
  return range && { node: range.startContainer, offset: range.startOffset };
}
