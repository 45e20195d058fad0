// The page's own address names the task instance, and can name one of its items. All other addresses are relative to it.

const TASK_KEYS = ["dag_id", "run_id", "task_id", "map_index"];

export class Address {
  readonly task: URLSearchParams;
  readonly item: number | null;

  constructor(search: string) {
    const given = new URLSearchParams(search);
    this.task = new URLSearchParams(TASK_KEYS.map((key) => [key, given.get(key) ?? ""]));
    const no = given.get("no");
    this.item = no !== null && /^\d+$/.test(no) ? Number(no) : null;
  }

  /** A part of the task's name in the address. */
  get(key: string): string {
    return this.task.get(key) ?? "";
  }

  /** The address of the page of one item, or of all. */
  page(item: number | null): string {
    return `?${this.with(item === null ? {} : { no: item })}`;
  }

  /** The address of a call to the server. */
  api(call: string, more: Record<string, string | number> = {}): string {
    return `api/${call}?${this.with(more)}`;
  }

  private with(more: Record<string, string | number>): string {
    const all = new URLSearchParams(this.task);
    for (const [key, value] of Object.entries(more)) all.set(key, String(value));
    return all.toString();
  }
}
