import { button, el } from "./dom.ts";

const HELP = [
  ["Space", "Play or pause"],
  ["← →", "Back or forth by 5 seconds"],
  ["↑ ↓", "The segment before or after"],
  ["/", "Search"],
  ["Enter, Shift + Enter", "In the search: next or previous hit"],
  ["Escape", "Leave the search or a name"],
  ["?", "This help"],
] as const;

/** Keys that work everywhere on the page except in fields and menus. */
export type Shortcuts = Partial<Record<string, () => void>>;

/** Handle keys until the signal aborts. */
export function listen(shortcuts: Shortcuts, signal: AbortSignal): void {
  const press = (event: KeyboardEvent) => {
    const action = shortcuts[event.key];
    if (action === undefined || event.ctrlKey || event.altKey || event.metaKey || isTaken(event)) return;
    event.preventDefault();
    action();
  };
  document.addEventListener("keydown", press, { signal });
}

function isTaken(event: KeyboardEvent): boolean {
  const target = event.target as Element;
  if (target.closest("input, select, textarea, dialog")) return true;
  return event.key === " " && target.closest("button, summary") !== null;
}

/** Show the dialog with the keys. It is removed when the user closes it. */
export function showHelp(): void {
  const rows = HELP.flatMap(([key, meaning]) => [el("dt", {}, el("kbd", {}, key)), el("dd", {}, meaning)]);
  const close = button("Close", () => dialog.close());
  const dialog = el("dialog", { "aria-labelledby": "help-title" }, el("h2", { id: "help-title" }, "Keyboard"), el("dl", {}, ...rows), close);
  dialog.addEventListener("close", () => dialog.remove());
  document.body.append(dialog);
  dialog.showModal();
}
