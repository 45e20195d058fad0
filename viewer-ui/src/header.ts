import type { Address } from "./address.ts";
import type { Task } from "./contract.ts";
import { el } from "./dom.ts";
import { count, duration, money } from "./wording.ts";

/** Who ran, how it ended, and what it came to. */
export class Header {
  readonly element: HTMLElement;
  private readonly state = el("span", { class: "state" });
  private readonly facts = el("p", { class: "facts", role: "status" });

  constructor(address: Address) {
    const mapIndex = address.get("map_index");
    const index = /^\d+$/.test(mapIndex) ? ` [${mapIndex}]` : "";
    this.element = el(
      "header",
      { class: "task" },
      el("h1", {}, `${address.get("task_id")}${index}`, " ", this.state),
      el("p", { class: "run" }, `${address.get("dag_id")} › ${address.get("run_id")}`),
      this.facts,
    );
  }

  show(task: Task): void {
    this.state.textContent = task.state ?? "no state";
    this.state.dataset["state"] = task.state ?? "";
    this.facts.textContent = factsOf(task).join(" · ");
  }

  /** Say that what stands here may be old. */
  warn(why: string): void {
    this.facts.textContent = `Not up to date: ${why}`;
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
