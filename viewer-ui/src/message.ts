import { Refused } from "./api.ts";
import { button, el } from "./dom.ts";

/** A placeholder for content that is being loaded. */
export function loading(what: string): HTMLElement {
  return el("p", { class: "message", role: "status" }, `Loading ${what}…`);
}

/** The reason why there is no content. */
export function nothing(why: string): HTMLElement {
  return el("p", { class: "message", role: "status" }, why);
}

const TITLES: Record<number, string> = {
  401: "Sign in to Airflow",
  403: "You are not allowed to see this",
  404: "Nothing to show",
};

/** What went wrong, in the server's words, with a way to try again or to sign in. It throws errors other than Refused. */
export function failure(error: unknown, again: () => void): HTMLElement {
  if (!(error instanceof Refused)) throw error;
  return el(
    "div",
    { class: "message failure", role: "alert" },
    el("h2", {}, TITLES[error.status ?? 0] ?? "This cannot be shown"),
    el("p", {}, error.message),
    // The server leads from this page to the login, and back to it.
    error.status === 401 ? button("Sign in", () => location.reload()) : button("Try again", again),
  );
}

export function isAbort(error: unknown): boolean {
  return error instanceof DOMException && error.name === "AbortError";
}
