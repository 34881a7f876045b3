import { readFileSync } from 'node:fs';
import { connect } from 'node:net';

/** What this process can still do. The pool draws its conclusions. */
export interface ProbeAnswer {
  environment: string[];
  fileRead: string;
  network: string;
  overLimitMemory: string;
  childProcess: string;
}

/** Tries what a plugin that has taken over this process would try first. */
export async function probe(header: unknown): Promise<ProbeAnswer> {
  const { pages } = header as { pages: number };
  return {
    environment: Object.keys(process.env),
    fileRead: outcome(() => readFileSync('/etc/passwd')),
    network: await tryNetwork(),
    overLimitMemory: outcome(() => new WebAssembly.Memory({ initial: pages + 1 })),
    childProcess: outcome(() => (process.getBuiltinModule ? process.getBuiltinModule('node:child_process').execFileSync('/bin/true') : undefined)),
  };
}

function outcome(attempt: () => unknown): string {
  try {
    attempt();
    return 'allowed';
  } catch (error) {
    return codeOf(error);
  }
}

/** Port 1 of the loopback: refused where there is a network, unreachable where there is none. */
function tryNetwork(): Promise<string> {
  return new Promise((resolve) => {
    const socket = connect({ host: '127.0.0.1', port: 1, timeout: 500 }, () => resolve('allowed'));
    socket.on('error', (error) => resolve(codeOf(error)));
    socket.on('timeout', () => resolve('timeout'));
  });
}

const codeOf = (error: unknown): string => (error instanceof Error && 'code' in error ? String(error.code) : error instanceof Error ? error.name : String(error));
