import assert from "node:assert/strict";
import { test } from "node:test";
import { linesOf } from "../src/lines.ts";

const LINES = ["{}", "", "Grüße, 世界", "the last"];

async function read(pieces: Iterable<Uint8Array<ArrayBuffer>>): Promise<string[]> {
  const body = new ReadableStream<Uint8Array<ArrayBuffer>>({
    start: (controller) => {
      for (const piece of pieces) controller.enqueue(piece);
      controller.close();
    },
  });
  const lines: string[] = [];
  for await (const line of linesOf(body)) lines.push(line);
  return lines;
}

test("lines are the same wherever the network divides them, inside of a letter, too", async () => {
  const bytes = new TextEncoder().encode(`${LINES.join("\n")}\n`);
  for (let size = 1; size <= bytes.length; size++) {
    const pieces = Array.from({ length: Math.ceil(bytes.length / size) }, (_, index) => bytes.slice(index * size, (index + 1) * size));
    assert.deepEqual(await read(pieces), LINES);
  }
});

test("the last line needs no line break", async () => {
  assert.deepEqual(await read([new TextEncoder().encode(LINES.join("\n"))]), LINES);
});

test("a line is there before the next one has arrived", async () => {
  let send = (_text: string) => {};
  const stream = new ReadableStream<Uint8Array<ArrayBuffer>>({
    start: (controller) => {
      send = (text) => controller.enqueue(new TextEncoder().encode(text));
    },
  });
  const lines = linesOf(stream);
  send("first\ntwo w");
  assert.deepEqual(await lines.next(), { done: false, value: "first" });
  send("ords\n");
  assert.deepEqual(await lines.next(), { done: false, value: "two words" });
});
