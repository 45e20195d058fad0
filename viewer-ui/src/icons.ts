import { svg } from "./dom.ts";

const SHAPES = {
  play: "M8 5v14l11-7z",
  pause: "M6 5h4v14H6zM14 5h4v14h-4z",
  pencil: "M3 17.2V21h3.8L17.8 10 14 6.2zM20.7 7a1 1 0 0 0 0-1.4l-2.3-2.3a1 1 0 0 0-1.4 0l-1.8 1.8L19 8.8z",
  up: "M6 15l6-6 6 6-1.4 1.4L12 11.8l-4.6 4.6z",
  down: "M6 9l6 6 6-6-1.4-1.4L12 12.2 7.4 7.6z",
} as const;

/** A picture next to a text, or in a button with a label. */
export function icon(name: keyof typeof SHAPES): SVGSVGElement {
  return svg("svg", { viewBox: "0 0 24 24", class: "icon", "aria-hidden": "true" }, svg("path", { d: SHAPES[name] }));
}
