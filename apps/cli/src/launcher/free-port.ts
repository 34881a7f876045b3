import { createServer } from 'node:net';

/** The wanted port when it can be bound on loopback, else one that the system chooses. */
export async function freePort(wanted?: number): Promise<number> {
  if (wanted && (await canBind(wanted))) return wanted;
  return bind(0);
}

export async function canBind(port: number, host = '127.0.0.1'): Promise<boolean> {
  try {
    await bind(port, host);
    return true;
  } catch {
    return false;
  }
}

function bind(port: number, host = '127.0.0.1'): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(port, host, () => {
      const address = server.address();
      const bound = typeof address === 'object' && address ? address.port : port;
      server.close(() => resolve(bound));
    });
  });
}
