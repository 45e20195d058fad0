/** 3725.4 -> "1:02:05", 65 -> "1:05": a position in a recording. */
export function clock(seconds: number): string {
  const whole = Math.max(0, Math.floor(seconds));
  const [hours, minutes, rest] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60, whole % 60];
  const twoDigits = (number: number) => String(number).padStart(2, "0");
  return hours > 0 ? `${hours}:${twoDigits(minutes)}:${twoDigits(rest)}` : `${minutes}:${twoDigits(rest)}`;
}

/** 3725.4 -> "1 h 2 min", 65 -> "1 min 5 s", 0.44 -> "0.4 s": a duration. */
export function duration(seconds: number): string {
  if (seconds < 10) return `${Math.round(seconds * 10) / 10} s`;
  const whole = Math.round(seconds);
  const [hours, minutes, rest] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60, whole % 60];
  if (hours > 0) return minutes > 0 ? `${hours.toLocaleString("en")} h ${minutes} min` : `${hours.toLocaleString("en")} h`;
  if (minutes > 0) return rest > 0 ? `${minutes} min ${rest} s` : `${minutes} min`;
  return `${rest} s`;
}

/** A cost in the connection's currency, which is unknown here: two decimals, or more if those are zeros. */
export function money(cost: number): string {
  const digits = cost !== 0 && Math.abs(cost) < 0.1 ? { maximumSignificantDigits: 2 } : { minimumFractionDigits: 2 };
  return cost.toLocaleString("en", { maximumFractionDigits: 2, ...digits });
}

/** count(1, "recording") -> "1 recording", count(2000, "recording") -> "2,000 recordings". */
export function count(number: number, noun: string): string {
  return `${number.toLocaleString("en")} ${noun}${number === 1 ? "" : "s"}`;
}
