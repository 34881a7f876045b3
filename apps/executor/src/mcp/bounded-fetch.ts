/** What a server sends is read no further than this; the message that was too large fails, and the process does not. */
export function boundedFetch(mostBytes: number): typeof fetch {
  return async (input, init) => {
    // A redirect could carry the headers of the configuration to somebody else.
    const response = await fetch(input, { ...init, redirect: 'error' });
    if (!response.body) return response;
    const isStream = response.headers.get('content-type')?.startsWith('text/event-stream') === true;
    return new Response(response.body.pipeThrough(boundedBytes(mostBytes, isStream)), { status: response.status, statusText: response.statusText, headers: response.headers });
  };
}

const [LINE_FEED, CARRIAGE_RETURN] = [10, 13];

/** @param isStream of server-sent events, which may go on for ever: each event is bounded, and not the whole */
function boundedBytes(mostBytes: number, isStream: boolean): TransformStream<Uint8Array, Uint8Array> {
  let bytes = 0;
  let [lineBytes, last] = [0, 0];
  /** An empty line ends an event. */
  const count = (byte: number): void => {
    bytes += 1;
    const isEnd = byte === LINE_FEED || byte === CARRIAGE_RETURN;
    const isPair = byte === LINE_FEED && last === CARRIAGE_RETURN;
    if (isEnd && !isPair) {
      if (lineBytes === 0) bytes = 0;
      lineBytes = 0;
    } else if (!isEnd) lineBytes += 1;
    last = byte;
  };
  return new TransformStream({
    transform: (chunk, controller) => {
      if (isStream) for (const byte of chunk) {
        count(byte);
        if (bytes > mostBytes) break;
      }
      else bytes += chunk.length;
      if (bytes > mostBytes) controller.error(new Error(`the server sent a message of more than ${mostBytes} bytes, which is the limit`));
      else controller.enqueue(chunk);
    },
  });
}
