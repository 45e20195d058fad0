// The step of an arrow key.
export const STEP_SECONDS = 5;

/** Whether the recording played to this position, or the user moved to it. */
export type Cause = "played" | "sought";

type Listener = (seconds: number, cause: Cause) => void;

/** The position in the recording, which the player, the timeline and the text share. It also exists without audio. */
export class Position {
  seconds = 0;
  private readonly listeners: Listener[] = [];
  length: number;

  constructor(length: number) {
    this.length = length;
  }

  onMove(listener: Listener): void {
    this.listeners.push(listener);
  }

  seek(seconds: number): void {
    this.move(Math.min(Math.max(0, seconds), this.length), "sought");
  }

  played(seconds: number): void {
    if (seconds !== this.seconds) this.move(seconds, "played");
  }

  private move(seconds: number, cause: Cause): void {
    this.seconds = seconds;
    for (const listener of this.listeners) listener(seconds, cause);
  }
}
