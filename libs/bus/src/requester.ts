import type { Msg } from '@nats-io/transport-node';
import { FailureError } from '@trivet/contracts';
import { createExchange, type ExchangeConnection } from './exchange.js';
import { headerBlock, readHeader } from './message-headers.js';
import type { PublishOptions } from './publisher.js';

export interface Answer {
  body: unknown;
  /** Of an error that the service answered; its problem is the body. */
  errorCode: number | null;
}

/** An answer as it came, from somebody who is not one of ours. */
export interface RawAnswer {
  data: Uint8Array;
  header: (name: string) => string | undefined;
}

export interface Requester {
  /** @throws FailureError unavailable: nobody listens, or nobody answered in time */
  request: (subject: string, body: unknown, options?: PublishOptions) => Promise<Answer>;
  /**
   * Asks somebody who is not one of ours; null: nobody listens there.
   * @throws FailureError unavailable: the connection is away or was lost, or nobody answered in time
   */
  ask: (subject: string, body: string, options?: PublishOptions) => Promise<RawAnswer | null>;
  close: () => void;
}

const TIMEOUT_MS = 5_000;
const NO_RESPONDERS = 503;

/** Asks and waits for one answer. The client's own request makes an error object each time, in case it needs one. */
export function createRequester(connection: ExchangeConnection, inboxPrefix: string): Requester {
  const exchange = createExchange(connection, inboxPrefix, { kind: 'reply', holds: false, lost: 'The connection to the broker was lost before anybody answered.' });
  return {
    request: (subject, body, options = {}) =>
      new Promise((resolve, reject) => {
        const timeoutMs = options.timeoutMs ?? TIMEOUT_MS;
        exchange.post({ subject, payload: JSON.stringify(body ?? {}), headers: headerBlock(options) }, {
          subject,
          reject,
          until: performance.now() + timeoutMs,
          late: () => `Nobody answered on ${subject} within ${timeoutMs} ms.`,
          arrived: (message) => {
            if (saysNobody(message)) return reject(new FailureError('unavailable', `Nobody answers on ${subject}: no responders.`));
            const code = readHeader(message.headers, 'Nats-Service-Error-Code');
            resolve({ body: message.data.byteLength > 0 ? message.json() : null, errorCode: code ? Number(code) : null });
          },
        });
      }),
    ask: (subject, body, options = {}) =>
      new Promise((resolve, reject) => {
        // It would be sent nowhere, and waited for.
        if (connection.connectedSince() === null) return reject(new FailureError('unavailable', `The broker is away; nobody was asked on ${subject}.`));
        const timeoutMs = options.timeoutMs ?? TIMEOUT_MS;
        exchange.post({ subject, payload: body, headers: headerBlock(options) }, {
          subject,
          reject,
          until: performance.now() + timeoutMs,
          late: () => `Nobody answered on ${subject} within ${timeoutMs} ms.`,
          arrived: (message) => resolve(saysNobody(message) ? null : { data: message.data, header: (name) => readHeader(message.headers, name) }),
        });
      }),
    close: () => exchange.close('The bus was closed before anybody answered.'),
  };
}

const saysNobody = ({ data, headers }: Msg): boolean => data.byteLength === 0 && headers?.code === NO_RESPONDERS;
