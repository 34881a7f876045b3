const DAY_MS = 86_400_000;

/** Each day from one (YYYY-MM-DD, UTC) until today, both included. */
export function daysBetween(from: string, now = Date.now()): string[] {
  const days: string[] = [];
  for (let at = Date.parse(from); at <= now; at += DAY_MS) days.push(new Date(at).toISOString().slice(0, 10));
  return days;
}
