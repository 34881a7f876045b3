import type { JsonObject } from '@trivet/contracts';

/**
 * Why an exchange failed, as the tool sees it. `network_unreachable`: there is no network, or the name does not resolve;
 * a tool may fall back to what it has. `network_timeout`, `network_failed`: this peer did not answer properly.
 * `capability_unavailable`: the operator has not set up what the grant names.
 */
export class NetworkError extends Error {
  constructor(
    readonly code: 'network_unreachable' | 'network_timeout' | 'network_failed' | 'tool_host_denied' | 'capability_unavailable',
    message: string,
    readonly detail: JsonObject,
  ) {
    super(message);
    this.name = 'NetworkError';
  }
}
