import { useQuery } from '@tanstack/react-query';
import { sessionQuery } from '../../api/session.js';
import { asyncapiQuery } from './asyncapi.js';

/** Where this stack is and who asks: what snippets need to work as they stand. */
export interface Connection {
  /** Of the HTTP interface: http://127.0.0.1:8080. */
  origin: string;
  /** Of the bus: nats://127.0.0.1:4222. */
  nats: string;
  tenant: string;
  /** Keys are configured, so a request needs one. */
  needsKey: boolean;
}

/** The address of this page, the bus as the orchestrator finds it, and the tenant of whoever is signed in. */
export function useConnection(): Connection {
  const { data: session } = useQuery(sessionQuery);
  const { data: bus } = useQuery(asyncapiQuery);
  const [server] = Object.values(bus?.servers ?? {});
  return { origin: location.origin, nats: server ? `${server.protocol}://${server.host}` : 'nats://127.0.0.1:4222', tenant: session?.tenant ?? 'default', needsKey: session?.keysConfigured ?? false };
}
