import assert from "node:assert/strict";
import { test } from "node:test";
import { Address } from "../src/address.ts";
import { keptTheme } from "../src/theme.ts";
import { clock, count, duration, money } from "../src/wording.ts";

test("a clock shows hours only where there are some", () => {
  assert.deepEqual([0, 65.9, 3725.4, -1].map(clock), ["0:00", "1:05", "1:02:05", "0:00"]);
});

test("a duration says its largest two units", () => {
  assert.deepEqual([0.44, 14.3, 60, 65, 3600, 3725, 36e5].map(duration), [
    "0.4 s", "14 s", "1 min", "1 min 5 s", "1 h", "1 h 2 min", "1,000 h",
  ]);
});

test("a small cost is not rounded to nothing", () => {
  assert.deepEqual([0, 0.00123, 1.2, 1234.567].map(money), ["0.00", "0.0012", "1.20", "1,234.57"]);
});

test("one is singular", () => {
  assert.deepEqual([0, 1, 2000].map((number) => count(number, "hit")), ["0 hits", "1 hit", "2,000 hits"]);
});

test("addresses carry the task's names, whatever is in them, and are relative", () => {
  const address = new Address("?dag_id=a%26b&run_id=m__2026%2B00&task_id=t&map_index=%7BMAP_INDEX%7D&no=3&else=x");
  assert.equal(address.item, 3);
  assert.equal(address.page(null), "?dag_id=a%26b&run_id=m__2026%2B00&task_id=t&map_index=%7BMAP_INDEX%7D");
  assert.equal(address.api("items", { q: "a b" }), `api/items${address.page(null)}&q=a+b`);
});

test("only a whole number names an item", () => {
  assert.deepEqual(["?", "?no=", "?no=-1", "?no=1e3", "?no=x"].map((search) => new Address(search).item), [null, null, null, null, null]);
});

test("the theme is the one that Airflow keeps, of 3 before that of 2", () => {
  const kept = (all: Record<string, string>) => keptTheme((key) => all[key] ?? null);
  assert.equal(kept({ theme: "dark" }), "dark");
  assert.equal(kept({ theme: "light", darkTheme: "true" }), "light");
  assert.equal(kept({ theme: "system", darkTheme: "true" }), null);
  assert.equal(kept({ darkTheme: "true" }), "dark");
  assert.equal(kept({ darkTheme: "null" }), null);
});
