import type { Bus, StoredMessage } from '@trivet/bus';
import { HEADERS, STREAMS, type DeadLetter, type Page } from '@trivet/contracts';

/** What could not be handled, as a tenant may see it. */
export interface DeadLetters {
  /** Oldest first. */
  list: (tenant: string, options: { limit: number; after: number | undefined }) => Promise<Page<DeadLetter>>;
  /** Newest first, of the last so many of all tenants. */
  newest: (tenant: string, lookedAt: number) => Promise<DeadLetter[]>;
}

export function createDeadLetters(bus: Pick<Bus, 'read' | 'streamState'>): DeadLetters {
  const read = async (limit: number, afterSeq: number | undefined): Promise<DeadLetter[]> => (await bus.read('DEAD', { limit, ...(afterSeq === undefined ? {} : { afterSeq }) })).map(letterOf);
  return {
    list: async (tenant, { limit, after }) => {
      const letters = await read(limit, after);
      const last = letters.at(-1);
      return { items: letters.filter((letter) => mayRead(tenant, letter)), nextCursor: letters.length === limit && last ? String(last.seq) : null };
    },
    newest: async (tenant, lookedAt) => {
      const { lastSeq, messages } = await bus.streamState('DEAD');
      if (messages === 0) return [];
      return (await read(lookedAt, Math.max(0, lastSeq - lookedAt))).filter((letter) => mayRead(tenant, letter)).reverse();
    },
  };
}

const letterOf = (message: StoredMessage): DeadLetter => ({
  stream: streamOf(message.subject),
  seq: message.seq,
  at: message.time,
  reason: message.headers[HEADERS.deadReason] ?? '',
  attempts: Number(message.headers[HEADERS.deadAttempts] ?? 0),
  headers: message.headers,
  body: new TextDecoder().decode(message.data),
});

const streamOf = (subject: string): string => Object.keys(STREAMS).find((name) => subject.endsWith(`.${name}`)) ?? subject;

/** The operator's tenant sees every dead letter; another one only those whose body names it. */
function mayRead(tenant: string, letter: DeadLetter): boolean {
  if (tenant === 'default') return true;
  const body = bodyOf(letter);
  return 'tenant' in body && body.tenant === tenant;
}

/** The body as an object; one that is none has nothing in it. */
export function bodyOf({ body }: Pick<DeadLetter, 'body'>): object {
  try {
    const parsed: unknown = JSON.parse(body);
    return parsed !== null && typeof parsed === 'object' ? parsed : {};
  } catch {
    return {};
  }
}
