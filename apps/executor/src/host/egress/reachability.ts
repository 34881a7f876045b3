import { NetworkError } from './network-error.js';

const REMEMBERED_MS = 30_000;
const MAX_HOSTS = 1000;

/** Remembers for a while that the network, or one name, cannot be reached, so that a machine without a network falls back fast. */
export class Reachability {
  private offlineUntil = 0;
  private readonly hosts = new Map<string, number>();

  constructor(private readonly now: () => number = () => performance.now()) {}

  /** Throws at once what was found out less than 30 s ago. */
  check(host: string): void {
    const until = Math.max(this.offlineUntil, this.hosts.get(host) ?? 0);
    if (until <= this.now()) return;
    throw new NetworkError('network_unreachable', `${host} could not be reached a moment ago; it is tried again in ${Math.ceil((until - this.now()) / 1000)} s.`, { cached: true });
  }

  note(host: string, error: NetworkError): void {
    if (error.code !== 'network_unreachable') return;
    const until = this.now() + REMEMBERED_MS;
    if (error.detail['wholeNetwork'] === true) this.offlineUntil = until;
    if (this.hosts.size >= MAX_HOSTS) this.hosts.clear();
    this.hosts.set(host, until);
  }

  reached(): void {
    this.offlineUntil = 0;
  }
}
