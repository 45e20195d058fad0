import type { Address } from "../address.ts";
import { el } from "../dom.ts";
import type { Names } from "./names.ts";

/** One link for each format. The files contain the names that the page shows. */
export function downloads(address: Address, no: number, formats: readonly string[], names: Names): HTMLElement {
  const links = formats.map((format) => el("a", { download: true, "data-format": format }, format));
  const show = () => {
    for (const link of links) {
      link.href = address.api("download", { no, format: link.dataset["format"] ?? "", ...names.query() });
    }
  };
  names.onChange(show);
  show();
  return el("nav", { class: "downloads", "aria-label": "Download" }, el("span", {}, "Download"), ...links);
}
