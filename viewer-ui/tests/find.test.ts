import assert from "node:assert/strict";
import { test } from "node:test";
import { find, nextHit } from "../src/transcript/find.ts";

test("words are found in any case, everywhere, with their letters' places", () => {
  assert.deepEqual(find(["Over and over", "OVER"], "over"), [
    { place: 0, from: 0, to: 4 }, { place: 0, from: 9, to: 13 }, { place: 1, from: 0, to: 4 },
  ]);
});

test("white space between words is any white space", () => {
  assert.equal(find(["so  much\nmore"], " so much more ").length, 1);
});

test("signs stand for themselves", () => {
  for (const sign of "\\^$.*+?()[]{}|/-") assert.equal(find([`a${sign}b`, "axb"], sign).length, 1, sign);
});

test("letters whose small form is longer keep their places", () => {
  assert.deepEqual(find(["İİ ok"], "OK"), [{ place: 0, from: 3, to: 5 }]);
});

test("nothing is found for nothing", () => {
  assert.deepEqual(find(["text"], "  "), []);
});

test("next and previous go around the ends", () => {
  const hits = find(["a a", "a"], "a");
  assert.equal(nextHit(hits, 2, 1, 0), 0);
  assert.equal(nextHit(hits, 0, -1, 0), 2);
  assert.equal(nextHit([], null, 1, 0), null);
});

test("the first hit is the first from the place one reads at", () => {
  const hits = find(["a", "b", "a"], "a");
  assert.equal(nextHit(hits, null, 1, 1), 1);
  assert.equal(nextHit(hits, null, 1, 3), 0);
});
