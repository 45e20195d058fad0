import type { Speaker, TranscriptHead } from "../contract.ts";
import { button, el } from "../dom.ts";
import { icon } from "../icons.ts";
import { count, duration } from "../wording.ts";
import type { Names } from "./names.ts";

/** The speakers in the order of their lanes, each with a button to rename them. */
export function speakerList({ speakers, timed_event_count }: TranscriptHead, names: Names): HTMLElement {
  const list = el("ul", { class: "speakers", "aria-label": "Speakers" }, ...speakers.map((one) => speakerRow(one, names)));
  // The timeline has another lane for events.
  const events = timed_event_count === 0 ? null : el("p", { class: "event-lane" }, count(timed_event_count, "event"));
  return el("div", {}, list, events);
}

function speakerRow(speaker: Speaker, names: Names): HTMLElement {
  const row = el("li", { class: names.colour(speaker.id) });
  const name = el("span", { class: "name" });
  const rename = button("", () => edit(row, speaker, names), { class: "rename" });
  rename.append(icon("pencil"));
  const time = speaker.seconds === null ? null : el("span", { class: "share" }, duration(speaker.seconds));
  const show = () => {
    name.textContent = names.of(speaker.id);
    rename.setAttribute("aria-label", `Rename ${names.of(speaker.id)}`);
    row.replaceChildren(name, rename, ...(time ? [time] : []));
  };
  names.onChange(show);
  show();
  return row;
}

/** Replace the row with a field. Enter, and leaving the field, store the name; Escape discards it. */
function edit(row: HTMLElement, speaker: Speaker, names: Names): void {
  const field = el("input", { "aria-label": `Name of ${names.usual(speaker.id)}`, maxlength: 80, placeholder: names.usual(speaker.id) });
  field.value = names.of(speaker.id);
  let isOpen = true;
  const close = (name: string, andFocus: boolean) => {
    if (!isOpen) return;
    isOpen = false;
    names.rename(speaker.id, name);
    if (andFocus) row.querySelector("button")?.focus();
  };
  field.addEventListener("blur", () => close(field.value, false));
  field.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" && event.key !== "Escape") return;
    // Otherwise Enter would also press the button that gets the focus.
    event.preventDefault();
    close(event.key === "Enter" ? field.value : names.of(speaker.id), true);
  });
  row.replaceChildren(field);
  field.select();
}
