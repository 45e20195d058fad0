import assert from "node:assert/strict";
import { test } from "node:test";
import type { Segment, SpeechEvent } from "../src/contract.ts";
import { barsOf, marksOf, ticksOf } from "../src/transcript/drawing.ts";

const segment = (speaker: string | null, start: number | null, end: number | null): Segment => ({
  no: 0, speaker, start, end, text: "", words: [],
});

test("each lane is one path with a bar for each of its segments", () => {
  const lanes = barsOf([segment("a", 0, 1), segment("b", 1, 2), segment("a", 2, 3.456)], (id) => (id === "a" ? 0 : 1));
  assert.equal(lanes.get(0), "M0 0.2H1V0.8H0ZM2 0.2H3.46V0.8H2Z");
  assert.equal(lanes.get(1), "M1 1.2H2V1.8H1Z");
});

test("bars with a gap that cannot be seen between them are one", () => {
  const lanes = barsOf([segment("a", 0, 1), segment("a", 1.4, 2), segment("a", 3, 4)], () => 0, 0.5);
  assert.equal(lanes.get(0), "M0 0.2H2V0.8H0ZM3 0.2H4V0.8H3Z");
});

test("a bar within the last one does not shorten it, and an earlier one is a bar of its own", () => {
  const lanes = barsOf([segment("a", 5, 9), segment("a", 6, 7), segment("a", 0, 1)], () => 0);
  assert.equal(lanes.get(0), "M5 0.2H9V0.8H5ZM0 0.2H1V0.8H0Z");
});

test("nothing is drawn without a lane, a start or an end", () => {
  const odd = [segment(null, 0, 1), segment("a", null, 1), segment("a", 1, null), segment("a", 2, 2)];
  assert.equal(barsOf(odd, (id) => (id === null ? null : 0)).size, 0);
});

test("events are strokes, where their time is known", () => {
  const event = (start: number | null): SpeechEvent => ({ kind: "", raw: "", speaker: null, segment_no: null, start, end: null });
  assert.equal(marksOf([event(1.5), event(null)], 2), "M1.5 2.2V2.8");
});

test("events that are too close to be told apart have one stroke", () => {
  const event = (start: number): SpeechEvent => ({ kind: "", raw: "", speaker: null, segment_no: null, start, end: null });
  assert.equal(marksOf([event(1), event(1.2), event(3), event(0)], 0, 0.5), "M1 0.2V0.8M3 0.2V0.8M0 0.2V0.8");
});

test("the scale has round times, and not too many", () => {
  assert.deepEqual(ticksOf(14.3, 5), [0, 5, 10]);
  assert.deepEqual(ticksOf(3600, 6), [0, 600, 1200, 1800, 2400, 3000, 3600]);
  assert.deepEqual(ticksOf(0, 6), [0]);
});
