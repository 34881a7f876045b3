import { busServers } from './bus-servers.js';

describe('the servers of the bus in its description', () => {
  const hosts = (url: string) => Object.entries(busServers(url)).map(([name, { host, protocol }]) => [name, host, protocol]);

  it('are where the stack finds them', () => expect(hosts('nats://127.0.0.1:14222')).toEqual([['bus', '127.0.0.1:14222', 'nats']]));
  it('have no user and no password', () => expect(JSON.stringify(busServers('tls://ada:secret@nats.example:4333'))).not.toMatch(/ada|secret/));
  it('are several where several are given, each with its port', () => expect(hosts('nats://a, tls://u:p@[::1]:5000,b:4223')).toEqual([['bus1', 'a:4222', 'nats'], ['bus2', '[::1]:5000', 'tls'], ['bus3', 'b:4223', 'nats']]));
});
