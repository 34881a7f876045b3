import type { Delta } from '@trivet/contracts';

/**
 * The text that a client of a stream has been sent. Pieces come over a way that may lose some, and an answer may begin anew at another
 * vendor; what was sent cannot be taken back. So pieces are passed on as long as they are what the client's text goes on with, and the end says the rest.
 */
export interface TextSoFar {
  /** What of this piece to send; empty: nothing now. */
  add: (delta: Pick<Delta, 'index' | 'text' | 'restarted' | 'callId'>) => string;
  /** What is left to send when the whole text is known; where another answer came in the end, that whole one after a blank line. */
  finish: (whole: string) => string;
}

export function createTextSoFar(): TextSoFar {
  let sent = '';
  let current = '';
  let next = 0;
  let call: string | undefined;
  let lost = false;
  return {
    add: ({ index, text, restarted, callId }) => {
      if (callId !== call || restarted) {
        current = '';
        lost = callId !== call && index !== 0;
      } else if (index !== next) lost = true;
      call = callId;
      next = index + 1;
      current += text;
      if (lost || !current.startsWith(sent)) return '';
      const more = current.slice(sent.length);
      sent = current;
      return more;
    },
    finish: (whole) => (whole.startsWith(sent) ? whole.slice(sent.length) : `\n\n${whole}`),
  };
}
