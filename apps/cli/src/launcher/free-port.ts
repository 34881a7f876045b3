import { createServer } from 'node:net';

/** Below the range from which systems take ports for outgoing connections: nobody takes one of these in passing. */
const LOWEST = 20_000;
const HIGHEST = 32_000;
const MOST_TRIES = 200;

/** The wanted port when it can be bound on loopback, else one that is free and stays so until it is used. */
export async function freePort(wanted?: number): Promise<number> {
  if (wanted && (await canBind(wanted))) return wanted;
  for (let attempt = 0; attempt < MOST_TRIES; attempt += 1) {
    const port = LOWEST + Math.floor(Math.random() * (HIGHEST - LOWEST));
    if (await canBind(port)) return port;
  }
  throw new Error(`No free port was found between ${LOWEST} and ${HIGHEST} in ${MOST_TRIES} tries; free some, or name one.`);
}

export async function canBind(port: number, host = '127.0.0.1'): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen(port, host, () => server.close(() => resolve(true)));
  });
}
