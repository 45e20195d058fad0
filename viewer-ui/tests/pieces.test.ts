import assert from "node:assert/strict";
import { test } from "node:test";
import type { Segment, SpeechEvent } from "../src/contract.ts";
import { startsOf } from "../src/transcript/moments.ts";
import { piecesOf, Places } from "../src/transcript/pieces.ts";

const SEGMENT: Segment = {
  no: 7, speaker: "0", start: 0, end: 4, text: "Yeah, let's go", words: [["Yeah,", 0, 1], ["let's", 2, 2.5], ["go", 3, 4]],
};
const event = (start: number | null, segment_no: number | null = 7): SpeechEvent => ({
  kind: "laugh", raw: "[laugh]", speaker: "0", segment_no, start, end: null,
});

test("an event stands after the words that end before it", () => {
  const laugh = event(1);
  assert.deepEqual(piecesOf(SEGMENT, [laugh]), ["Yeah,", laugh, " let's go"]);
});

test("an event without a time stands before the text, one after all words behind it", () => {
  const [unknown, last] = [event(null), event(4)];
  assert.deepEqual(piecesOf(SEGMENT, [unknown, last]), [unknown, "Yeah, let's go", last]);
});

test("events keep their order, whatever their times say, and no text is lost", () => {
  const [late, early] = [event(2.5), event(0.5)];
  assert.deepEqual(piecesOf(SEGMENT, [late, early]), ["Yeah, let's", late, early, " go"]);
});

test("an event that names no segment goes to the one that is said at its time", () => {
  const segments = [SEGMENT, { ...SEGMENT, no: 8, start: 10, end: 12 }];
  const [named, timed, lost] = [event(null, 8), event(11, null), event(null, null)];
  const places = new Places();
  assert.deepEqual(places.add(segments, [timed, named, lost]), [1]);
  assert.deepEqual(places.end(startsOf(segments)), [1]);
  assert.deepEqual([places.eventsOf(0), places.eventsOf(1)], [[], [named, timed]]);
});

test("an event that names no segment comes before later events of its segment", () => {
  const places = new Places();
  const [named, timed] = [event(3), event(1, null)];
  places.add([SEGMENT], [named, timed]);
  places.end(startsOf([SEGMENT]));
  assert.deepEqual(places.eventsOf(0), [timed, named]);
});

test("an event that arrives before its segment goes to it", () => {
  const places = new Places();
  const early = event(11, 8);
  places.add([SEGMENT], [early]);
  places.add([{ ...SEGMENT, no: 8 }], []);
  places.end(startsOf([]));
  assert.deepEqual([places.eventsOf(0), places.eventsOf(1)], [[], [early]]);
});
