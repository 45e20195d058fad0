import type { Speaker, TranscriptHead } from "../contract.ts";
import { keep, recall } from "../storage.ts";

// The style sheet has this number of colors.
const COLOURS = 8;

/** The names of speakers on this page: the user's, stored for the job in this browser, or else the task's. */
export class Names {
  private readonly key: string;
  private readonly speakers: readonly Speaker[];
  private readonly given: Map<string, string>;
  private readonly listeners: (() => void)[] = [];

  constructor(transcript: TranscriptHead, page: string) {
    this.key = `fluxions-speakers:${transcript.job_id ?? page}`;
    this.speakers = transcript.speakers;
    this.given = new Map(namesFrom(recall(this.key)));
  }

  of(speaker: string): string {
    return this.given.get(speaker) ?? this.usual(speaker);
  }

  /** The name that is used without a name from the user. */
  usual(speaker: string): string {
    return this.speakers.find((one) => one.id === speaker)?.name ?? `Speaker ${speaker}`;
  }

  /** An empty name restores the usual one. */
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

  /** The names as parameters of a download. */
  query(): Record<string, string> {
    return Object.fromEntries([...this.given].map(([speaker, name]) => [`speaker.${speaker}`, name]));
  }

  /** The lane and color of a speaker, in the order of first words; null without a speaker. */
  lane(speaker: string | null): number | null {
    const lane = this.speakers.findIndex((one) => one.id === speaker);
    return lane < 0 ? null : lane;
  }

  /** The class with the speaker's color. */
  colour(speaker: string | null): string {
    const lane = this.lane(speaker);
    return lane === null ? "" : `speaker-${lane % COLOURS}`;
  }
}

/** Read the stored names. Any other stored value counts as no names. */
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
