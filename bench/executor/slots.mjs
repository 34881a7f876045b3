import { readFileSync } from 'node:fs';
import { latencies, median, round } from '../measure.mjs';
import { openPool } from './ways.mjs';

const { Slot } = await import(new URL('../../apps/executor/dist/sandbox/slot.js', import.meta.url).href);
const { planLaunch } = await import(new URL('../../apps/executor/dist/sandbox/launch.js', import.meta.url).href);
const { DEFAULT_LIMITS } = await import(new URL('../../apps/executor/dist/sandbox/limits.js', import.meta.url).href);

const BOOTS = 20;
const BOOT_TIMEOUT_MS = 20_000;

/** From the start of a process to the word that it is ready, in ms, one after the other. */
export async function measureBoot() {
  const launch = planLaunch(DEFAULT_LIMITS);
  const took = [];
  for (let boot = 0; boot < BOOTS; boot += 1) {
    const startedAt = performance.now();
    await new Promise((resolve, reject) => {
      const slot = new Slot(launch, { ready: () => { took.push(performance.now() - startedAt); slot.kill(); }, frame: () => undefined, broke: reject, exit: resolve }, BOOT_TIMEOUT_MS);
    });
  }
  return latencies(took);
}

/** Memory that only this process has, in MiB: what one slot more costs. */
function privateMib(pid) {
  const text = readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8');
  const kib = (name) => Number(new RegExp(`^${name}:\\s+(\\d+)`, 'm').exec(text)?.[1] ?? NaN);
  return { private: round((kib('Private_Dirty') + kib('Private_Clean')) / 1024), proportional: round(kib('Pss') / 1024) };
}

/** Of an idle slot: as it booted, and after a hundred calls of each tool. */
export async function measureMemory(tools) {
  const pool = openPool(4);
  try {
    const [first] = tools;
    await Promise.all(Array.from({ length: 8 }, () => pool.call(first.tool, first.small)));
    const booted = await idlePool();
    const rows = { booted };
    for (const { name, tool, small } of tools) {
      for (let count = 0; count < 400; count += 1) await pool.call(tool, small);
      rows[name] = medianOf(pool.pids().map(privateMib));
    }
    return rows;
  } finally {
    await pool.close();
  }
}

async function idlePool() {
  const pool = openPool(4);
  try {
    await new Promise((resolve) => setTimeout(resolve, 1_500));
    return medianOf(pool.pids().map(privateMib));
  } finally {
    await pool.close();
  }
}

const medianOf = (all) => ({ private: median(all.map((each) => each.private)), proportional: median(all.map((each) => each.proportional)) });
