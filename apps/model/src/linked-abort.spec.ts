import { linkAbort } from './linked-abort.js';

describe('linked signals', () => {
  it('abort with each of the others, with its reason, and at once where one has aborted', () => {
    const [first, second] = [new AbortController(), new AbortController()];
    const linked = linkAbort([first.signal, second.signal]);
    expect(linked.signal.aborted).toBe(false);
    second.abort('why');
    expect(linked.signal).toMatchObject({ aborted: true, reason: 'why' });
    expect(linkAbort([first.signal, second.signal]).signal).toMatchObject({ aborted: true, reason: 'why' });
  });

  it('abort by themselves and leave the others alone', () => {
    const other = new AbortController();
    const linked = linkAbort([other.signal]);
    linked.abort('over');
    expect(linked.signal.reason).toBe('over');
    expect(other.signal.aborted).toBe(false);
  });

  it('hear nothing more once they are unlinked', () => {
    const other = new AbortController();
    const linked = linkAbort([other.signal]);
    linked.unlink();
    other.abort();
    expect(linked.signal.aborted).toBe(false);
  });
});
