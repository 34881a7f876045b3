/** What one probe found: fine (with an optional word about it), or the reason why not, as a thrown error. */
export type Probe = () => string | undefined | void | Promise<string | undefined | void>;

export interface CheckResult {
  name: string;
  ok: boolean;
  /** False: it is reported, but the service is ready without it. */
  critical: boolean;
  detail?: string;
  durationMs: number;
}

export interface Readiness {
  ready: boolean;
  /** starting until the service has begun, then running, then draining. */
  phase: Phase;
  checks: CheckResult[];
}

export type Phase = 'starting' | 'running' | 'draining';

export interface Health {
  /** @param options.critical default true: a failing probe makes the service not ready. */
  addCheck(name: string, probe: Probe, options?: { critical?: boolean }): void;
  setPhase(phase: Phase): void;
  /** Runs all probes at once; never rejects. One that takes longer than a second counts as failed. */
  readiness(): Promise<Readiness>;
}

const PROBE_LIMIT_MS = 1_000;

/** Whether this process can do its work: ready when it runs and every critical probe is fine. */
export function createHealth(): Health {
  const checks: { name: string; probe: Probe; critical: boolean }[] = [];
  let phase: Phase = 'starting';
  return {
    addCheck: (name, probe, options = {}) => void checks.push({ name, probe, critical: options.critical ?? true }),
    setPhase: (next) => {
      phase = next;
    },
    readiness: async () => {
      const results = await Promise.all(checks.map(({ name, probe, critical }) => runProbe(name, probe, critical)));
      return { ready: phase === 'running' && results.every((result) => result.ok || !result.critical), phase, checks: results };
    },
  };
}

async function runProbe(name: string, probe: Probe, critical: boolean): Promise<CheckResult> {
  const startedAt = performance.now();
  const finish = (ok: boolean, detail: string | undefined): CheckResult => ({ name, ok, critical, ...(detail ? { detail } : {}), durationMs: Math.round(performance.now() - startedAt) });
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`no answer within ${PROBE_LIMIT_MS} ms`)), PROBE_LIMIT_MS);
  });
  try {
    const detail = await Promise.race([Promise.resolve().then(probe), late]);
    return finish(true, detail ?? undefined);
  } catch (error) {
    return finish(false, error instanceof Error ? error.message : String(error));
  } finally {
    clearTimeout(timer);
  }
}
