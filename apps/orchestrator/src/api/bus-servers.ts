interface BusServer {
  host: string;
  protocol: 'nats' | 'tls' | 'ws' | 'wss';
  description: string;
}

/**
 * The servers of the bus as AsyncAPI writes them, from what TRIVET_NATS_URL says: host and port, never user or password.
 * @param natsUrl one or several URLs, separated by commas
 */
export function busServers(natsUrl: string): Record<string, BusServer> {
  const servers = natsUrl.split(',').map((text) => serverOf(text.trim()));
  return Object.fromEntries(servers.map((server, index) => [servers.length === 1 ? 'bus' : `bus${index + 1}`, server]));
}

const PROTOCOLS = ['tls', 'ws', 'wss'] as const;

function serverOf(text: string): BusServer {
  const { hostname, port, protocol } = new URL(/^[a-z]+:\/\//i.test(text) ? text : `nats://${text}`);
  return { host: `${hostname}:${port || '4222'}`, protocol: PROTOCOLS.find((name) => `${name}:` === protocol) ?? 'nats', description: 'NATS 2.12 or newer with JetStream; the one this stack uses.' };
}
