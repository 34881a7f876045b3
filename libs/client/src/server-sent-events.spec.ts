import { readServerSentEvents, type ServerSentEvent } from './server-sent-events.js';

async function read(...chunks: string[]): Promise<ServerSentEvent[]> {
  async function* body(): AsyncGenerator<Uint8Array> {
    for (const chunk of chunks) yield new TextEncoder().encode(chunk);
  }
  const messages = [];
  for await (const message of readServerSentEvents(body())) messages.push(message);
  return messages;
}

const WHOLE = 'id: 7\nevent: step.completed\ndata: {"a":\ndata: "é"}\n\n: heartbeat\n\ndata:x\n\n';
const PARSED = [
  { id: '7', event: 'step.completed', data: '{"a":\n"é"}' },
  { id: undefined, event: 'message', data: 'x' },
];

describe('readServerSentEvents', () => {
  it('reads messages and swallows comments', async () => {
    expect(await read(WHOLE)).toEqual(PARSED);
  });

  it.each([['LF', WHOLE], ['CRLF', WHOLE.replaceAll('\n', '\r\n')], ['CR', `${WHOLE.replaceAll('\n', '\r')}\r`]])('gives the same wherever the chunks are cut (%s)', async (_name, text) => {
    for (let cut = 0; cut <= text.length; cut += 1) expect(await read(text.slice(0, cut), text.slice(cut))).toEqual(PARSED);
  });

  it('drops a half message at the end', async () => {
    expect(await read('data: whole\n\ndata: ha')).toHaveLength(1);
  });
});
