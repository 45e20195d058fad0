/** A range of a segment's text. */
export interface Hit {
  place: number;
  from: number;
  to: number;
}

/** All matches of the words in the order of the text. Case and white space between words are ignored. */
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

/** The next hit from another hit or a position in the list. After the last one comes the first. Null without hits. */
export function nextHit(hits: readonly Hit[], current: number | null, step: 1 | -1, place: number): number | null {
  if (hits.length === 0) return null;
  if (current !== null) return (current + step + hits.length) % hits.length;
  const ahead = hits.findIndex((hit) => hit.place >= place);
  return ahead < 0 ? 0 : ahead;
}
