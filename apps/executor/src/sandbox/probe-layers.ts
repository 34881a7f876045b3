import { existsSync } from 'node:fs';
import type { Launch } from './launch.js';
import { PAGES_PER_MIB, type SandboxLimits } from './limits.js';
import { dataLimitBytes, oomScoreAdjustment } from './process-figures.js';
import { FRAME } from './frames.js';
import { Slot } from './slot.js';
import type { ProbeAnswer } from './slot/probe.js';

/** One layer of containment and whether it holds here. */
export interface SandboxLayer {
  name: 'process' | 'environment' | 'files' | 'child-processes' | 'network' | 'plugin-memory' | 'process-memory' | 'memory-watchdog' | 'killed-first';
  holds: boolean;
  detail: string;
}

const PROBE_MS = 10_000;

/** Starts one slot as any other and lets it try to break out. */
export async function probeLayers(launch: Launch, limits: SandboxLimits): Promise<SandboxLayer[]> {
  const pages = limits.maxMemoryMib * PAGES_PER_MIB;
  const { answer, pid, slot } = await askSlot(launch, pages);
  const dataLimit = dataLimitBytes(pid);
  const oomScore = oomScoreAdjustment(pid);
  slot.kill();
  const watchdog = existsSync(`/proc/self/statm`);
  return [
    { name: 'process', holds: true, detail: 'every call runs in a process of its own kind, ended by SIGKILL at its deadline' },
    { name: 'environment', holds: answer.environment.length === 0, detail: answer.environment.length === 0 ? 'empty' : `has ${answer.environment.join(', ')}` },
    { name: 'files', holds: answer.fileRead === 'ERR_ACCESS_DENIED', detail: `reading /etc/passwd: ${answer.fileRead} (Node permission flag)` },
    { name: 'child-processes', holds: answer.childProcess === 'ERR_ACCESS_DENIED', detail: `starting a program: ${answer.childProcess} (Node permission flag)` },
    { name: 'network', holds: answer.network === 'ENETUNREACH', detail: launch.networkNamespace ? `connecting to the loopback: ${answer.network} (own network namespace)` : `connecting to the loopback: ${answer.network}; this machine does not allow a network namespace` },
    { name: 'plugin-memory', holds: answer.overLimitMemory === 'RangeError', detail: `a WebAssembly memory over ${limits.maxMemoryMib} MiB: ${answer.overLimitMemory}` },
    { name: 'process-memory', holds: dataLimit !== null, detail: dataLimit === null ? 'ulimit -d has no effect on this machine' : `ulimit -d ${Math.round(dataLimit / 1_048_576)} MiB` },
    { name: 'memory-watchdog', holds: watchdog, detail: watchdog ? `looks every ${limits.watchMs} ms` : 'needs /proc' },
    { name: 'killed-first', holds: oomScore === 1000, detail: `oom_score_adj is ${oomScore ?? 'unknown'}` },
  ];
}

function askSlot(launch: Launch, pages: number): Promise<{ answer: ProbeAnswer; pid: number; slot: Slot }> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => slot.kill(), PROBE_MS);
    const slot: Slot = new Slot(launch, {
      ready: () => slot.sendProbe(pages),
      frame: (frame) => {
        clearTimeout(timer);
        // Written by our own probe a moment ago.
        if (frame.type === FRAME.probed) resolve({ answer: frame.header as ProbeAnswer, pid: slot.pid, slot });
      },
      broke: (reason) => reject(new Error(`A sandbox process that was to be probed broke its protocol: ${reason}.`)),
      exit: () => {
        clearTimeout(timer);
        reject(new Error(`A sandbox process ended before it could be probed: ${slot.lastWords.trim().split('\n').at(-1) ?? ''}`));
      },
    }, PROBE_MS);
  });
}
