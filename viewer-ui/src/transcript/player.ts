import { refusalOf } from "../api.ts";
import { button, el, set } from "../dom.ts";
import { icon } from "../icons.ts";
import { clock } from "../wording.ts";
import type { Position } from "./position.ts";

const SPEEDS = [0.5, 0.75, 1, 1.25, 1.5, 2];

/** Plays the recording at the shared position, until the signal aborts. */
export class Player {
  readonly element: HTMLElement;
  private readonly audio: HTMLAudioElement;
  private readonly play = button("", () => this.toggle(), { class: "play", "aria-keyshortcuts": "Space" });
  private readonly time = el("span", { class: "clock" });
  private readonly trouble = el("p", { class: "trouble", role: "alert" });
  private readonly position: Position;

  constructor(address: string, position: Position, signal: AbortSignal) {
    this.position = position;
    this.audio = el("audio", { preload: "metadata", src: address });
    this.element = el("div", { class: "player", role: "group", "aria-label": "Player" }, this.play, this.time, this.speed(), this.trouble, this.audio);
    for (const name of ["play", "pause", "ended"]) this.audio.addEventListener(name, () => this.showState());
    this.audio.addEventListener("error", () => void this.explain(address));
    this.audio.addEventListener("play", () => this.tick());
    position.onMove((seconds, cause) => {
      if (cause === "sought") this.audio.currentTime = seconds;
      this.showTime();
    });
    this.audio.addEventListener("loadedmetadata", () => this.learnLength());
    // An element that is removed from the document would continue to play.
    signal.addEventListener("abort", () => this.audio.pause());
    this.showState();
    this.showTime();
  }

  toggle(): void {
    if (this.audio.paused) void this.start();
    else this.audio.pause();
  }

  private async start(): Promise<void> {
    try {
      await this.audio.play();
    } catch (error) {
      // A pause before the start, or an error that the `error` event reports.
      if (!(error instanceof DOMException)) throw error;
    }
  }

  /** The browser sends four `timeupdate` events per second, which is too few for words. */
  private tick(): void {
    this.position.played(this.audio.currentTime);
    if (!this.audio.paused) requestAnimationFrame(() => this.tick());
  }

  private speed(): HTMLSelectElement {
    const options = SPEEDS.map((speed) => el("option", { value: speed, selected: speed === 1 }, `${speed} ×`));
    const select = el("select", { "aria-label": "Speed" }, ...options);
    select.addEventListener("change", () => {
      this.audio.playbackRate = Number(select.value);
    });
    return select;
  }

  /** A recording without a transcript has a known length only now. */
  private learnLength(): void {
    if (this.position.length > 0 || !Number.isFinite(this.audio.duration)) return;
    this.position.length = this.audio.duration;
    this.showTime();
  }

  private showState(): void {
    const { paused } = this.audio;
    this.play.replaceChildren(icon(paused ? "play" : "pause"));
    set(this.play, { "aria-label": paused ? "Play" : "Pause" });
  }

  private showTime(): void {
    const { seconds, length } = this.position;
    this.time.textContent = length > 0 ? `${clock(seconds)} / ${clock(length)}` : clock(seconds);
  }

  /** A media error has no reason. The server's response has it. */
  private async explain(address: string): Promise<void> {
    this.play.disabled = true;
    this.trouble.textContent = (await refusalOf(address)) ?? "This browser cannot play the recording.";
  }
}
