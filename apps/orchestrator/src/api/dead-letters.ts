import type { Bus, StoredMessage } from '@trivet/bus';
import { subjectToken } from '@trivet/bus';
import { DEFAULT_TENANT, FailureError, HEADERS, STREAMS, isIdentifier, type DeadLetter, type Page } from '@trivet/contracts';
import type { LedgerClock, RequeuedLetters } from '@trivet/state';
import type { Actor, AuditTrail } from '../audit/audit-trail.js';

/** What could not be handled, as a tenant may see it. */
export interface DeadLetters {
  /** Oldest first. */
  list: (tenant: string, options: { limit: number; after: number | undefined }) => Promise<Page<DeadLetter>>;
  /** Newest first, of the last so many of all tenants; those that were sent back aside. */
  newest: (tenant: string, lookedAt: number) => Promise<DeadLetter[]>;
  /** Sends a letter back to its stream as it was, once. */
  requeue: (by: Actor, seq: number, reason: string | undefined) => Promise<DeadLetter>;
  remove: (by: Actor, seq: number) => Promise<void>;
}

export interface DeadLetterParts {
  bus: Pick<Bus, 'read' | 'streamState' | 'publish' | 'remove'>;
  requeued: RequeuedLetters;
  audit: AuditTrail;
  clock: Pick<LedgerClock, 'nowMs'>;
}

export function createDeadLetters({ bus, requeued, audit, clock }: DeadLetterParts): DeadLetters {
  async function read(limit: number, afterSeq: number | undefined): Promise<DeadLetter[]> {
    const letters = (await bus.read('DEAD', { limit, ...(afterSeq === undefined ? {} : { afterSeq }) })).map(letterOf);
    const times = await requeued.times(letters.map(nameOf));
    return letters.map((letter, index) => ({ ...letter, requeuedAt: times[index] ?? null }));
  }

  async function find(tenant: string, seq: number): Promise<DeadLetter> {
    const [letter] = await read(1, seq - 1);
    if (letter?.seq !== seq || !mayRead(tenant, letter)) throw new FailureError('not_found', `There is no dead letter ${seq}.`, { hint: 'See GET /api/v1/dead for those there are.' });
    return letter;
  }

  const record = ({ tenant, actor }: Actor, verb: 'requeue' | 'remove', letter: DeadLetter, reason: string | undefined): Promise<void> =>
    audit.record({ tenant, actor, action: `dead.${verb}`, target: `dead/${letter.seq}`, workflowId: workflowOf(letter) ?? null, detail: reason ?? null, ...(reason === undefined ? {} : { reason }) });

  return {
    list: async (tenant, { limit, after }) => {
      const letters = await read(limit, after);
      const last = letters.at(-1);
      return { items: letters.filter((letter) => mayRead(tenant, letter)), nextCursor: letters.length === limit && last ? String(last.seq) : null };
    },
    newest: async (tenant, lookedAt) => {
      const { lastSeq, messages } = await bus.streamState('DEAD');
      if (messages === 0) return [];
      return (await read(lookedAt, Math.max(0, lastSeq - lookedAt))).filter((letter) => letter.requeuedAt === null && mayRead(tenant, letter)).reverse();
    },
    requeue: async (by, seq, reason) => {
      const letter = await find(by.tenant, seq);
      const subject = originOf(letter, by.tenant);
      if (!(await requeued.begin(nameOf(letter)))) throw new FailureError('state_conflict', `The dead letter ${seq} was sent back to ${letter.stream} already${letter.requeuedAt ? `, at ${letter.requeuedAt}` : ''}.`, { hint: 'If it came back, it is a new dead letter.' });
      try {
        await bus.publish(subject, Buffer.from(letter.body), { headers: originalHeaders(letter), messageId: `requeue-${nameOf(letter)}` });
      } catch (error) {
        await requeued.giveUp(nameOf(letter));
        throw error;
      }
      const at = new Date(clock.nowMs()).toISOString();
      await requeued.done(nameOf(letter), at);
      await record(by, 'requeue', letter, reason);
      return { ...letter, requeuedAt: at };
    },
    remove: async (by, seq) => {
      const letter = await find(by.tenant, seq);
      if (!(await bus.remove('DEAD', seq))) throw new FailureError('not_found', `The dead letter ${seq} was removed a moment ago.`);
      await record(by, 'remove', letter, undefined);
    },
  };
}

export const letterOf = (message: StoredMessage): DeadLetter => ({
  stream: streamOf(message.subject),
  seq: message.seq,
  at: message.time,
  reason: message.headers[HEADERS.deadReason] ?? '',
  attempts: Number(message.headers[HEADERS.deadAttempts] ?? 0),
  headers: message.headers,
  body: new TextDecoder().decode(message.data),
});

const streamOf = (subject: string): string => Object.keys(STREAMS).find((name) => subject.endsWith(`.${name}`)) ?? subject;

/** Its seq and when it was kept: a stream that was made anew counts from 1 again. */
const nameOf = ({ seq, at }: Pick<DeadLetter, 'seq' | 'at'>): string => `${seq}-${Date.parse(at)}`;

/** The operator's tenant sees every dead letter; another one only those whose body names it. */
function mayRead(tenant: string, letter: DeadLetter): boolean {
  return tenant === DEFAULT_TENANT || bodyTenant(letter) === tenant;
}

/** Whose a letter is: as its body says, else the subject it came on. */
export const letterTenant = (letter: DeadLetter): string | undefined => bodyTenant(letter) ?? subjectToken(LETTER_ID.exec(letter.headers[HEADERS.messageId] ?? '')?.[1] ?? '', TENANT_TOKEN);

function bodyTenant(letter: DeadLetter): string | undefined {
  const body = bodyOf(letter);
  return 'tenant' in body && typeof body.tenant === 'string' ? body.tenant : undefined;
}

/** The body as an object; one that is none has nothing in it. */
function bodyOf({ body }: Pick<DeadLetter, 'body'>): object {
  try {
    const parsed: unknown = JSON.parse(body);
    return parsed !== null && typeof parsed === 'object' ? parsed : {};
  } catch {
    return {};
  }
}

/** The workflow a letter is about, where it says so. */
export function workflowOf(letter: DeadLetter): string | undefined {
  const body = bodyOf(letter);
  const named = letter.headers[HEADERS.workflowId] ?? ('workflowId' in body ? body.workflowId : undefined);
  return isIdentifier(named) ? named : undefined;
}

/** `dead-<stream>-<seq>-<subject>`: the id a consumer gives to what it cannot handle. */
const LETTER_ID = /^dead-[A-Z]+-\d+-(trivet\.v1\..+)$/;
/** Of a subject such as `trivet.v1.task.submit.<tenant>`. */
const TENANT_TOKEN = 4;

/** The subject a letter came on. A tenant that is not the operator's sends only to its own. */
function originOf(letter: DeadLetter, tenant: string): string {
  const subject = LETTER_ID.exec(letter.headers[HEADERS.messageId] ?? '')?.[1];
  if (subject === undefined) throw new FailureError('state_conflict', `The dead letter ${letter.seq} is a note about a call and no message that could be sent again.`, { hint: 'Retry its workflow instead.' });
  if (tenant !== DEFAULT_TENANT && subjectToken(subject, TENANT_TOKEN) !== tenant) throw new FailureError('not_found', `There is no dead letter ${letter.seq}.`);
  return subject;
}

/** As the sender wrote them: without those that say why it is here. */
function originalHeaders({ headers }: DeadLetter): Record<string, string> {
  const added: readonly string[] = [HEADERS.deadReason, HEADERS.deadAttempts, HEADERS.messageId];
  return Object.fromEntries(Object.entries(headers).filter(([name]) => !added.includes(name) && !name.startsWith('Nats-')));
}
