// Airflow's theme, not the system's alone: 3.x keeps it in localStorage and on its document's class, 2.11 in
// localStorage only. Inside Airflow's frame, this page can read Airflow's document. In a window of its own it reads the
// stored theme.

import { recall } from "./storage.ts";

export type Theme = "light" | "dark";

/** The theme that Airflow stores; null if there is none, or if it follows the system. */
export function keptTheme(kept: (key: string) => string | null): Theme | null {
  const airflow3 = kept("theme");
  if (airflow3 === "light" || airflow3 === "dark") return airflow3;
  const airflow2 = kept("darkTheme");
  if (airflow3 === null && (airflow2 === "true" || airflow2 === "false")) return airflow2 === "true" ? "dark" : "light";
  return null;
}

/** Put Airflow's theme on this document, now and whenever it changes. */
export function followTheme(): void {
  const frame = airflowsDocument();
  const system = matchMedia("(prefers-color-scheme: dark)");
  const apply = () => {
    const theme = (frame && shownTheme(frame)) ?? keptTheme(recall) ?? (system.matches ? "dark" : "light");
    document.documentElement.dataset["theme"] = theme;
  };
  apply();
  system.addEventListener("change", apply);
  addEventListener("storage", apply);
  if (frame) new MutationObserver(apply).observe(frame, { attributes: true, attributeFilter: ["class"] });
}

function shownTheme(frame: Element): Theme | null {
  if (frame.classList.contains("dark")) return "dark";
  return frame.classList.contains("light") ? "light" : null;
}

function airflowsDocument(): Element | null {
  try {
    return parent === self ? null : parent.document.documentElement;
  } catch (error) {
    if (error instanceof DOMException) return null; // framed by another origin
    throw error;
  }
}
