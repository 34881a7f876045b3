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

const LINE_FEED = 10;

/** @param isStream of server-sent events, which may go on for ever: each line is bounded, and not the whole */
function boundedBytes(mostBytes: number, isStream: boolean): TransformStream<Uint8Array, Uint8Array> {
  let bytes = 0;
  return new TransformStream({
    transform: (chunk, controller) => {
      const lineEnd = isStream ? chunk.lastIndexOf(LINE_FEED) : -1;
      bytes = lineEnd < 0 ? bytes + chunk.length : chunk.length - lineEnd - 1;
      if (bytes > mostBytes) controller.error(new Error(`the server sent a message of more than ${mostBytes} bytes, which is the limit`));
      else controller.enqueue(chunk);
    },
  });
}
