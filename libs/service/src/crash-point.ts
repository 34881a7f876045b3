let armed: { label: string; remaining: number } | undefined;

/**
 * Arms one crash point for this process, from TRIVET_CRASH_AT (`<label>` or `<label>:<n>`); undefined arms none. Tests
 * use it to end a process, as kill -9 would, between two steps that a timer could never hit.
 */
export function installCrashPoint(setting: string | undefined): void {
  const [label, count] = setting?.split(':') ?? [];
  armed = label ? { label, remaining: count ? Number(count) : 1 } : undefined;
}

/** Ends this process with SIGKILL if the crash point `label` is armed and this is its n-th passing; else does nothing. */
export function reach(label: string): void {
  if (armed === undefined || armed.label !== label) return;
  armed.remaining -= 1;
  if (armed.remaining === 0) process.kill(process.pid, 'SIGKILL');
}
