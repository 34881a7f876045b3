/** What one subscriber of a workflow's stream saw, over all its connections. */
export interface Watched {
  /** The ids of the events, in the order in which they came. */
  seen: number[];
  reconnects: number;
  /** Resolves when the stream closed after the terminal event, or the watch was ended. */
  ended: Promise<void>;
}

const RECONNECT_MS = 100;

/** Follows a workflow as a browser would: after a break it asks the next orchestrator for what comes after the last id it saw. */
export function watchWorkflow(urls: readonly string[], workflowId: string, signal: AbortSignal): Watched {
  const watched: Watched = { seen: [], reconnects: -1, ended: Promise.resolve() };
  watched.ended = follow(urls.map((url) => `${url}/api/v1/workflows/${workflowId}/stream`), watched, signal);
  return watched;
}

async function follow(addresses: readonly string[], watched: Watched, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    watched.reconnects += 1;
    const address = addresses[watched.reconnects % addresses.length] ?? '';
    if (await connectOnce(address, watched, signal).catch(() => false)) return;
    await new Promise((resolve) => setTimeout(resolve, RECONNECT_MS));
  }
}

const TERMINAL = /"type":"workflow\.(completed|failed|cancelled)"/;
/** A connection that says nothing for so long, not even a heartbeat, is tried anew. */
const SILENCE_MS = 20_000;

/** @returns whether the terminal event came */
async function connectOnce(address: string, watched: Watched, signal: AbortSignal): Promise<boolean> {
  const lastId = watched.seen.at(-1);
  const silence = new AbortController();
  let timer = setTimeout(() => silence.abort(), SILENCE_MS);
  try {
    const response = await fetch(address, { headers: { Accept: 'text/event-stream', ...(lastId === undefined ? {} : { 'Last-Event-ID': String(lastId) }) }, signal: AbortSignal.any([signal, silence.signal]) });
    if (!response.ok || !response.body) return false;
    const decoder = new TextDecoder();
    let text = '';
    for await (const chunk of response.body) {
      clearTimeout(timer);
      timer = setTimeout(() => silence.abort(), SILENCE_MS);
      const messages = (text + decoder.decode(chunk, { stream: true })).split('\n\n');
      text = messages.pop() ?? '';
      for (const message of messages) if (note(message, watched)) return true;
    }
    return false;
  } finally {
    clearTimeout(timer);
  }
}

function note(message: string, watched: Watched): boolean {
  const id = /^id: ?(\d+)$/m.exec(message)?.[1];
  if (id === undefined) return false;
  watched.seen.push(Number(id));
  return TERMINAL.test(message);
}
