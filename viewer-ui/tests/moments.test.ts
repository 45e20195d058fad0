import assert from "node:assert/strict";
import { test } from "node:test";
import type { Segment } from "../src/contract.ts";
import { segmentAt, startsOf } from "../src/transcript/moments.ts";

const list = (...times: [number | null, number | null][]): Segment[] =>
  times.map(([start, end], no) => ({ no, speaker: null, start, end, text: "", words: [] }));

test("a segment is said from its start until its end, and shown until the next one begins", () => {
  const starts = startsOf(list([1, 2], [3, 4]));
  assert.deepEqual([0, 1, 1.9, 2.5, 3, 99].map((seconds) => segmentAt(starts, seconds)), [null, 0, 0, 0, 1, 1]);
});

test("of people who talk at once the one who began last is shown, then the one who goes on", () => {
  const starts = startsOf(list([0, 10], [4, 5]));
  assert.deepEqual([3, 4.5, 6].map((seconds) => segmentAt(starts, seconds)), [0, 1, 0]);
});

test("segments that are not in the order of time are found", () => {
  const starts = startsOf(list([8, 9], [1, 2], [null, null]));
  assert.deepEqual([1.5, 8.5].map((seconds) => segmentAt(starts, seconds)), [1, 0]);
});

test("without times nothing is said", () => {
  assert.equal(segmentAt(startsOf(list([null, null])), 5), null);
});
