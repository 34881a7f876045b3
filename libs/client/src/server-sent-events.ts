/** One message of a text/event-stream, as the HTML standard defines it. */
export interface ServerSentEvent {
  id: string | undefined;
  event: string;
  data: string;
}

/** Splits a body into its messages; comments (heartbeats) are swallowed. A half message at the end is dropped, as the standard says. */
export async function* readServerSentEvents(body: AsyncIterable<Uint8Array>): AsyncGenerator<ServerSentEvent> {
  const decoder = new TextDecoder();
  let pending = '';
  for await (const chunk of body) {
    pending += decoder.decode(chunk, { stream: true });
    // A CR at the very end may be the first half of a CRLF: it waits for what follows.
    const settled = pending.endsWith('\r') ? pending.slice(0, -1) : pending;
    const blocks = settled.replace(/\r\n?/g, '\n').split('\n\n');
    pending = (blocks.pop() ?? '') + pending.slice(settled.length);
    for (const block of blocks) {
      const message = parseBlock(block);
      if (message) yield message;
    }
  }
}

function parseBlock(block: string): ServerSentEvent | undefined {
  const data: string[] = [];
  let event = 'message';
  let id: string | undefined;
  for (const line of block.split('\n')) {
    const colon = line.indexOf(':');
    const field = colon === -1 ? line : line.slice(0, colon);
    const value = colon === -1 ? '' : line.slice(colon + 1).replace(/^ /, '');
    if (field === 'data') data.push(value);
    else if (field === 'event') event = value;
    else if (field === 'id') id = value;
  }
  return data.length > 0 ? { id, event, data: data.join('\n') } : undefined;
}
