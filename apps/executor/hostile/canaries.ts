import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from '@jest/globals';

/** Things that nobody who attacks may ever reach, each with a mark that would show up in what they say. */
export interface Canaries {
  /** A server on the loopback; any request to it is a breach. */
  port: number;
  file: string;
  /** The key of another tenant, which travels through the same pool. */
  foreignKey: string;
  /** Fails when a canary was reached, or when its mark is in any of these values. */
  check(...said: unknown[]): void;
  close(): Promise<void>;
}

const MARK = 'CANARY-7f3a9c';
const VARIABLE = 'TRIVET_CANARY_SECRET';

/** Puts them out: a server, a file, a secret in the environment (that of this process), the key of another tenant. */
export async function putOutCanaries(environment: NodeJS.ProcessEnv): Promise<Canaries> {
  let hits = 0;
  const server = createServer((_request, response) => {
    hits += 1;
    response.end(`${MARK}-internal-page`);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const folder = mkdtempSync(join(tmpdir(), 'trivet-canary-'));
  const file = join(folder, 'secret.txt');
  writeFileSync(file, `${MARK}-file`);
  const written = statSync(file).mtimeMs;
  environment[VARIABLE] = `${MARK}-environment`;
  return {
    // A listening TCP server has an address with a port.
    port: (server.address() as AddressInfo).port,
    file,
    foreignKey: `${MARK}-key-of-another-tenant`,
    check: (...said) => {
      expect(hits).toBe(0);
      expect([statSync(file).mtimeMs, readFileSync(file, 'utf8')]).toEqual([written, `${MARK}-file`]);
      for (const value of said) expect(JSON.stringify(value) ?? '').not.toContain(MARK);
    },
    close: async () => {
      delete environment[VARIABLE];
      rmSync(folder, { recursive: true });
      await closeServer(server);
    },
  };
}

export async function closeServer(server: Server): Promise<void> {
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
}
