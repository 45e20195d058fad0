import assert from "node:assert/strict";
import { test } from "node:test";
import type { Segment, SpeechEvent, TranscriptHead } from "../src/contract.ts";
import { Script } from "../src/transcript/script.ts";

const HEAD: TranscriptHead = {
  no: 0, job_id: "1", name: "a.mp3", language: null, audio_seconds: null, cost: null, is_timed: true, speakers: [],
  seconds: 30, segment_count: 3, timed_event_count: 1,
};
const segment = (no: number): Segment => ({ no, speaker: "0", start: no * 10, end: no * 10 + 9, text: "Hi.", words: [] });
const event = (start: number, segment_no: number | null): SpeechEvent => ({
  kind: "laugh", raw: "[laugh]", speaker: "0", segment_no, start, end: null,
});

test("segments that arrive later come after those that are there", () => {
  const script = new Script(HEAD);
  const counts: number[] = [];
  script.onGrowth(() => counts.push(script.segments.length));
  script.add({ segments: [segment(0)], events: [] });
  assert.deepEqual(script.starts.seconds, [0]);
  script.add({ segments: [segment(1), segment(2)], events: [] });
  script.end();
  assert.deepEqual(counts, [1, 3]);
  assert.deepEqual(script.starts.seconds, [0, 10, 20]);
});

test("a segment that is already drawn is drawn again if an event of it comes later", () => {
  const script = new Script(HEAD);
  const redrawn: number[][] = [];
  script.onGrowth((redraw) => redrawn.push([...redraw]));
  const [own, late, timed] = [event(1, 0), event(12, 1), event(5, null)];
  script.add({ segments: [segment(0)], events: [own, timed] });
  script.add({ segments: [segment(1), segment(2)], events: [late] });
  script.end();
  assert.deepEqual(redrawn, [[], [], [0]]);
  assert.deepEqual([script.eventsOf(0), script.eventsOf(1)], [[own, timed], [late]]);
});

test("a transcript that ends too early is not taken as a whole one", () => {
  const script = new Script(HEAD);
  let ended = false;
  script.onEnd(() => (ended = true));
  script.add({ segments: [segment(0)], events: [] });
  assert.throws(() => script.end(), /before the end of the transcript/);
  assert.equal(ended, false);
});
