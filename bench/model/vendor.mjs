import { createServer } from 'node:http';

/**
 * A vendor that answers Chat Completions at once, in a process of its own: the floor under every gateway. A stream says in
 * each piece when it was written; a request whose user asks to be `cut` is broken off in the middle.
 * Messages to its parent: { port }.
 */
const BODY = Buffer.from(JSON.stringify({
  id: 'chatcmpl-bench', object: 'chat.completion', created: 1, model: 'gpt-4.1-nano',
  choices: [{ index: 0, message: { role: 'assistant', content: 'An answer of some words, as short as they are.' }, finish_reason: 'stop' }],
  usage: { prompt_tokens: 20, completion_tokens: 11, total_tokens: 31 },
}));
const PIECES = 20;

const server = createServer((request, response) => {
  const chunks = [];
  request.on('data', (chunk) => chunks.push(chunk));
  request.on('end', () => {
    if (request.method === 'GET') return send(response, Buffer.from(JSON.stringify({ object: 'list', data: [{ id: 'gpt-4.1-nano', object: 'model' }] })));
    const asked = JSON.parse(Buffer.concat(chunks));
    if (asked.stream) return stream(response, asked);
    send(response, BODY);
  });
});
server.keepAliveTimeout = 60_000;
server.listen(0, '127.0.0.1', () => process.send({ port: server.address().port }));
process.once('disconnect', () => process.exit(0));

function send(response, body) {
  response.writeHead(200, { 'content-type': 'application/json', 'content-length': body.length }).end(body);
}

function stream(response, { messages }) {
  const said = messages.at(-1).content;
  const cutAfter = said.includes('cut') ? PIECES / 2 : Infinity;
  const waits = said.includes('timed');
  response.writeHead(200, { 'content-type': 'text/event-stream' });
  let n = 0;
  const next = () => {
    if (n === cutAfter) return response.destroy();
    if (n === PIECES) {
      response.write(`data: ${JSON.stringify({ id: 'c', object: 'chat.completion.chunk', model: 'gpt-4.1-nano', choices: [{ index: 0, delta: {}, finish_reason: 'stop' }] })}\n\n`);
      response.write(`data: ${JSON.stringify({ id: 'c', object: 'chat.completion.chunk', model: 'gpt-4.1-nano', choices: [], usage: { prompt_tokens: 20, completion_tokens: PIECES, total_tokens: 20 + PIECES } })}\n\n`);
      return response.end('data: [DONE]\n\n');
    }
    n += 1;
    // On one machine all processes read the same clock.
    const content = waits ? `${process.hrtime.bigint()} ` : 'word ';
    response.write(`data: ${JSON.stringify({ id: 'c', object: 'chat.completion.chunk', model: 'gpt-4.1-nano', choices: [{ index: 0, delta: { content }, finish_reason: null }] })}\n\n`);
    setTimeout(next, waits ? 20 : 0);
  };
  setTimeout(next, waits ? 150 : 0);
}
