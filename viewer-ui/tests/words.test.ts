import assert from "node:assert/strict";
import { test } from "node:test";
import type { Segment, Word } from "../src/contract.ts";
import { spanAt, spansOf, timeOf } from "../src/transcript/words.ts";

const said = (text: string, words: Word[]): Segment => ({ no: 0, speaker: "0", start: 0, end: 9, text, words });
const WORDS: Word[] = [["no", 1, 1.5], ["no,", 2, 2.5], ["never", null, null], ["no", 4, null], ["more", 6, 7]];
const SPANS = spansOf(said("no no, never no more", WORDS));

test("a word that is said again has places of its own", () => {
  assert.deepEqual(SPANS.map(({ from, to }) => [from, to]), [[0, 2], [3, 6], [7, 12], [13, 15], [16, 20]]);
});

test("a word that is not in the text is left out, and those after it are found", () => {
  const spans = spansOf(said("one three", [["one", 0, 1], ["two", 1, 2], ["", 2, 2], ["three", 2, 3]]));
  assert.deepEqual(spans.map(({ from }) => from), [0, 4]);
});

test("a word is found without the signs around it where the text has none", () => {
  const spans = spansOf(said("is really not", [["is", 0, 1], ["*really*", 1, 2], ["not.", 2, 3]]));
  assert.deepEqual(spans.map(({ from, to }) => [from, to]), [[0, 2], [3, 9], [10, 13]]);
});

test("a word that stands only far on in the text is not that word", () => {
  const spans = spansOf(said(`one two ${"and ".repeat(12)}lost`, [["lost", 0, 1], ["two", 1, 2]]));
  assert.deepEqual(spans.map(({ from }) => from), [4]);
});

test("a word is said from its start until its end", () => {
  assert.equal(spanAt(SPANS, 0.9), null);
  assert.equal(spanAt(SPANS, 1)?.from, 0);
  assert.equal(spanAt(SPANS, 1.5), null);
});

test("a word without an end is said until the next one begins", () => {
  assert.equal(spanAt(SPANS, 5.9)?.from, 13);
  assert.equal(spanAt(SPANS, 6)?.from, 16);
});

test("a letter's time is its word's start, or the last time known before it", () => {
  assert.equal(timeOf(SPANS, 4), 2);
  assert.equal(timeOf(SPANS, 8), 2);
  assert.equal(timeOf(SPANS, 20), 6);
  assert.equal(timeOf([], 3), null);
});
