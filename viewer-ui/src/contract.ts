// The server's responses (airflow_provider_fluxions/viewer). Times are in seconds.

export interface Task {
  dag_id: string;
  run_id: string;
  task_id: string;
  map_index: number;
  state: string | null;
  operator: string | null;
  /** Airflow's page of the task, relative to this page. */
  task_page: string;
  kind: "manifest" | "results" | "jobs" | "speech";
  manifest: string | null;
  counts: Record<Filter, number>;
  audio_seconds: number | null;
  cost: number | null;
  formats: string[];
}

export type Filter = "all" | "done" | "failed" | "skipped" | "running";

export interface Item {
  no: number;
  name: string;
  job_id: string | null;
  status: Exclude<Filter, "all">;
  state: string | null;
  error: string | null;
  audio_seconds: number | null;
  speakers: number | null;
  cost: number | null;
  source: string | null;
  outputs: string[];
  has_transcript: boolean;
  has_audio: boolean;
}

export interface Items {
  total: number;
  offset: number;
  items: Item[];
}

export interface Speaker {
  id: string;
  name: string | null;
  seconds: number | null;
}

export type Word = [text: string, start: number | null, end: number | null];

export interface Segment {
  no: number;
  speaker: string | null;
  start: number | null;
  end: number | null;
  text: string;
  words: Word[];
}

export interface SpeechEvent {
  kind: string;
  raw: string;
  speaker: string | null;
  segment_no: number | null;
  start: number | null;
  end: number | null;
}

/** The first line of a transcript. */
export interface TranscriptHead {
  no: number;
  job_id: string | null;
  name: string;
  language: string | null;
  audio_seconds: number | null;
  cost: number | null;
  is_timed: boolean;
  speakers: Speaker[];
  /** The end of the recording or of the last segment, whichever is later. */
  seconds: number;
  segment_count: number;
  timed_event_count: number;
}

/** Each other line of a transcript: the next segments, and events. */
export interface TranscriptPart {
  segments: Segment[];
  events: SpeechEvent[];
}
