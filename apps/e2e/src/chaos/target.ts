import { createServer, type IncomingMessage } from 'node:http';

/** One time that a tool really ran, as an outsider saw it. */
export interface Execution {
  /** Unlike any other: what the tool answers with. */
  number: number;
  key: string;
  /** What the caller knew of earlier steps. */
  saw: unknown;
  startedAtMs: number;
}

/** A system outside of ours that tools have an effect on. It counts each effect, and knows nothing of claims and histories. */
export interface Target {
  port: number;
  executions: Execution[];
  stop: () => Promise<void>;
}

export interface TargetOptions {
  /** How long an effect takes. */
  delayMs: (key: string) => number;
}

/** A key that ends like this is refused the first time. */
export const REFUSED_ONCE = '!';

export async function startTarget({ delayMs }: TargetOptions): Promise<Target> {
  const executions: Execution[] = [];
  const refused = new Set<string>();
  const server = createServer((request, response) => {
    const answer = async (): Promise<void> => {
      const asked = readAsked(await textOf(request));
      const execution: Execution = { number: executions.length + 1, ...asked, startedAtMs: Date.now() };
      executions.push(execution);
      await new Promise((resolve) => setTimeout(resolve, delayMs(asked.key)));
      if (asked.key.endsWith(REFUSED_ONCE) && !refused.has(asked.key)) {
        refused.add(asked.key);
        response.writeHead(503).end('{}');
        return;
      }
      response.writeHead(200, { 'Content-Type': 'application/json' }).end(JSON.stringify({ execution: execution.number }));
    };
    answer().catch((error: unknown) => response.writeHead(500).end(String(error)));
  });
  const port = await new Promise<number>((resolve) => {
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      resolve(address !== null && typeof address === 'object' ? address.port : 0);
    });
  });
  return {
    port,
    executions,
    stop: () => new Promise((resolve) => {
      server.closeAllConnections();
      server.close(() => resolve());
    }),
  };
}

function readAsked(text: string): { key: string; saw: unknown } {
  const parsed: { key?: unknown; saw?: unknown } = JSON.parse(text);
  return { key: String(parsed.key), saw: parsed.saw ?? null };
}

async function textOf(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(Buffer.from(chunk));
  return Buffer.concat(chunks).toString('utf8');
}
