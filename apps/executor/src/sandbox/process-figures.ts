import { readFileSync } from 'node:fs';

/** Figures of another process, from /proc. Null where there is none (macOS) or the process is gone. */
const PAGE_BYTES = 4096;
const CLOCK_TICK_MS = 10;

export function residentBytes(pid: number): number | null {
  const pages = Number(read(pid, 'statm')?.split(' ')[1]);
  return Number.isFinite(pages) ? pages * PAGE_BYTES : null;
}

export function cpuMs(pid: number): number | null {
  // The command name may hold spaces; the numbers follow its closing parenthesis.
  const fields = read(pid, 'stat')?.split(') ').at(-1)?.split(' ');
  const ticks = Number(fields?.[11]) + Number(fields?.[12]);
  return Number.isFinite(ticks) ? ticks * CLOCK_TICK_MS : null;
}

/** The soft limit of a resource as `ulimit` set it; null when unlimited or unknown. */
export function dataLimitBytes(pid: number): number | null {
  const line = read(pid, 'limits')?.split('\n').find((text) => text.startsWith('Max data size'));
  const value = Number(line?.slice('Max data size'.length).trim().split(/\s+/)[0]);
  return Number.isFinite(value) ? value : null;
}

export function oomScoreAdjustment(pid: number): number | null {
  const text = read(pid, 'oom_score_adj');
  return text === null ? null : Number(text);
}

function read(pid: number, name: string): string | null {
  try {
    return readFileSync(`/proc/${pid}/${name}`, 'latin1');
  } catch {
    return null;
  }
}
