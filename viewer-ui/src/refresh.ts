const SECONDS = 5;

// States in which a task can still add transcripts. Airflow's null is a task that was not scheduled yet.
const ONGOING = new Set([
  null, "none", "scheduled", "queued", "running", "deferred", "restarting", "up_for_retry", "up_for_reschedule",
]);

export function isOngoing(state: string | null): boolean {
  return ONGOING.has(state);
}

/** Call `look` repeatedly while the page is visible, until it returns true. */
export function repeat(look: () => Promise<boolean>): void {
  const later = () => setTimeout(() => void next(), SECONDS * 1000);
  const next = async () => {
    if (document.visibilityState === "hidden" || !(await look())) later();
  };
  later();
}
