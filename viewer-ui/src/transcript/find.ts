/** A place in a segment's text. */
export interface Hit {
  place: number;
  from: number;
  to: number;
}

/** All places of the words, whatever their case and the white space between them, in the order of the text. */
export function find(texts: readonly string[], words: string): Hit[] {
  const pattern = patternOf(words);
  if (pattern === null) return [];
  return texts.flatMap((text, place) =>
    Array.from(text.matchAll(pattern), (match) => ({ place, from: match.index, to: match.index + match[0].length })),
  );
}

function patternOf(words: string): RegExp | null {
  const parts = words.trim().split(/\s+/u).filter((part) => part !== "");
  if (parts.length === 0) return null;
  return new RegExp(parts.map((part) => part.replace(/[\\^$.*+?()[\]{}|/]/gu, "\\$&")).join("\\s+"), "giu");
}

/** The hit to go to from another, or from a place in the list, around the ends; null without hits. */
export function nextHit(hits: readonly Hit[], current: number | null, step: 1 | -1, place: number): number | null {
  if (hits.length === 0) return null;
  if (current !== null) return (current + step + hits.length) % hits.length;
  const ahead = hits.findIndex((hit) => hit.place >= place);
  return ahead < 0 ? 0 : ahead;
}
