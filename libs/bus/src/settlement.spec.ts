import { FailureError } from '@trivet/contracts';
import { DeadLetterError, MOST_DELIVERIES, RedeliverError, settlementOf } from './settlement.js';

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
