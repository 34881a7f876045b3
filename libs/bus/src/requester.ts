import { FailureError } from '@trivet/contracts';
import { createExchange, type ExchangeConnection } from './exchange.js';
import { headerBlock, readHeader } from './message-headers.js';
import type { PublishOptions } from './publisher.js';

export interface Answer {
  body: unknown;
  /** Of an error that the service answered; its problem is the body. */
  errorCode: number | null;
}

export interface Requester {
  /** @throws FailureError unavailable: nobody listens, or nobody answered in time */
  request: (subject: string, body: unknown, options?: PublishOptions) => Promise<Answer>;
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
            if (message.data.byteLength === 0 && message.headers?.code === NO_RESPONDERS) return reject(new FailureError('unavailable', `Nobody answers on ${subject}: no responders.`));
            const code = readHeader(message.headers, 'Nats-Service-Error-Code');
            resolve({ body: message.data.byteLength > 0 ? message.json() : null, errorCode: code ? Number(code) : null });
          },
        });
      }),
    close: () => exchange.close('The bus was closed before anybody answered.'),
  };
}
