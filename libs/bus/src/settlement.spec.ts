import { FailureError } from '@trivet/contracts';
import { DeadLetterError, MOST_DELIVERIES, RedeliverError, describeSettlement, settlementOf } from './settlement.js';

describe('settlementOf', () => {
  it('keeps a message that can never be handled as a dead letter at once', () => {
    expect(settlementOf(new DeadLetterError('no X-Workflow-ID'), 1)).toEqual({ do: 'dead', reason: 'no X-Workflow-ID' });
  });

  it('brings a message again when the handler asks for it', () => {
    expect(settlementOf(new RedeliverError('held', 700), 1)).toMatchObject({ do: 'nak', delayMs: 700 });
  });

  it('never blames the message when a part we need is out of reach', () => {
    expect(settlementOf(new FailureError('unavailable', 'Redis is away'), 10_000)).toMatchObject({ do: 'nak', delayMs: 5_000 });
  });

  it('gives up on a message that defeats its handler again and again', () => {
    expect(settlementOf(new TypeError('x'), MOST_DELIVERIES - 1)).toMatchObject({ do: 'nak' });
    expect(settlementOf(new TypeError('x'), MOST_DELIVERIES)).toMatchObject({ do: 'dead' });
  });
});

describe('describeSettlement', () => {
  const delivery = { subject: 's', deliveries: 3 };

  it('says nothing when all went well, and little when another worker holds the call', () => {
    expect(describeSettlement({ do: 'ack' }, delivery)).toBeNull();
    expect(describeSettlement(settlementOf(new RedeliverError('held', 700), 1), delivery)).toMatchObject({ level: 'debug' });
  });

  it('warns of every message that comes again because something failed, and of every dead letter', () => {
    expect(describeSettlement(settlementOf(new TypeError('x'), 1), delivery)).toMatchObject({ level: 'warn', message: expect.stringContaining('TypeError: x'), fields: delivery });
    expect(describeSettlement({ do: 'dead', reason: 'bad' }, delivery)).toMatchObject({ level: 'error', message: expect.stringContaining('bad') });
  });
});
