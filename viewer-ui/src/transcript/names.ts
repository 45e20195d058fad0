import type { Speaker, Transcript } from "../contract.ts";
import { keep, recall } from "../storage.ts";

// Style sheets have as many colours.
const COLOURS = 8;

/** What speakers are called on this page: the user's names, kept for the job in this browser, else the task's. */
export class Names {
  private readonly key: string;
  private readonly speakers: readonly Speaker[];
  private readonly given: Map<string, string>;
  private readonly listeners: (() => void)[] = [];

  constructor(transcript: Transcript, page: string) {
    this.key = `fluxions-speakers:${transcript.job_id ?? page}`;
    this.speakers = transcript.speakers;
    this.given = new Map(namesFrom(recall(this.key)));
  }

  of(speaker: string): string {
    return this.given.get(speaker) ?? this.usual(speaker);
  }

  /** The name without the user's. */
  usual(speaker: string): string {
    return this.speakers.find((one) => one.id === speaker)?.name ?? `Speaker ${speaker}`;
  }

  /** An empty name gives the usual one back. */
  rename(speaker: string, name: string): void {
    const clean = name.trim();
    if (clean === "" || clean === this.usual(speaker)) this.given.delete(speaker);
    else this.given.set(speaker, clean);
    keep(this.key, JSON.stringify(Object.fromEntries(this.given)));
    for (const listener of this.listeners) listener();
  }

  onChange(listener: () => void): void {
    this.listeners.push(listener);
  }

  /** As downloads take them. */
  query(): Record<string, string> {
    return Object.fromEntries([...this.given].map(([speaker, name]) => [`speaker.${speaker}`, name]));
  }

  /** The lane and colour of a speaker, in the order in which they first speak; null for nobody. */
  lane(speaker: string | null): number | null {
    const lane = this.speakers.findIndex((one) => one.id === speaker);
    return lane < 0 ? null : lane;
  }

  /** The class that has the speaker's colour. */
  colour(speaker: string | null): string {
    const lane = this.lane(speaker);
    return lane === null ? "" : `speaker-${lane % COLOURS}`;
  }
}

/** Read what is kept; what is not names is nothing. */
export function namesFrom(kept: string | null): [string, string][] {
  try {
    const names: unknown = JSON.parse(kept ?? "{}");
    const pairs: [string, unknown][] = names !== null && typeof names === "object" ? Object.entries(names) : [];
    return pairs.filter((pair): pair is [string, string] => typeof pair[1] === "string");
  } catch (error) {
    if (error instanceof SyntaxError) return [];
    throw error;
  }
}
