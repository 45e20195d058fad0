import type { Address } from "./address.ts";
import type { Task } from "./contract.ts";
import { el, set } from "./dom.ts";
import { count, duration, money } from "./wording.ts";

// Airflow shows the task, its run and its state above the tab.
const isInAirflow = parent !== self;

/** The task, its state, and the totals of its recordings. In Airflow's tab only the totals are visible. */
export class Header {
  readonly element: HTMLElement;
  private readonly state = el("span", { class: "state", hidden: true });
  private readonly facts = el("p", { class: "facts", role: "status" });
  private readonly run: HTMLElement;
  private readonly address: Address;

  constructor(address: Address) {
    this.address = address;
    const mapIndex = address.get("map_index");
    const index = /^\d+$/.test(mapIndex) ? ` [${mapIndex}]` : "";
    this.run = el("p", { class: "run" }, this.runName());
    this.element = el(
      "header",
      { class: isInAirflow ? "task in-airflow" : "task" },
      // Screen readers need the title in the tab too.
      el("h1", { class: isInAirflow ? "unseen" : null }, `${address.get("task_id")}${index}`, isInAirflow ? null : " ", isInAirflow ? null : this.state),
      ...(isInAirflow ? [] : [this.run]),
      this.facts,
    );
  }

  show(task: Task): void {
    this.state.textContent = task.state ?? "no state";
    set(this.state, { hidden: false, "data-state": task.state ?? "" });
    this.facts.textContent = factsOf(task).join(" · ");
    if (this.run.querySelector("a") === null) this.run.replaceChildren(el("a", { href: task.task_page, title: "Open the task in Airflow" }, this.runName()));
  }

  /** Say that the page may be out of date. */
  warn(why: string): void {
    this.facts.textContent = `Not up to date: ${why}`;
  }

  private runName(): string {
    return `${this.address.get("dag_id")} › ${this.address.get("run_id")}`;
  }
}

function factsOf({ counts, audio_seconds, cost }: Task): string[] {
  const parts = (["done", "failed", "skipped", "running"] as const).filter((one) => counts[one] > 0);
  const facts = [count(counts.all, "recording")];
  if (counts.all > 1) facts.push(...parts.map((one) => `${counts[one].toLocaleString("en")} ${one}`));
  if (audio_seconds !== null) facts.push(`${duration(audio_seconds)} of audio`);
  if (cost !== null) facts.push(`cost ${money(cost)}`);
  return facts;
}
