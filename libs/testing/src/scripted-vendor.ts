import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';

export interface VendorMessage {
  role: string;
  content: string | null;
  tool_call_id?: string;
  tool_calls?: { id: string; function: { name: string; arguments: string } }[];
}

export interface VendorRequest {
  model: string;
  messages: VendorMessage[];
  tools?: { function: { name: string } }[];
  max_tokens?: number;
}

export interface VendorAnswer {
  text?: string;
  toolCalls?: { id: string; name: string; arguments: unknown }[];
  /** Before the answer begins. */
  delayMs?: number;
  /** In place of an answer. */
  status?: number;
}

/** A server that speaks the wire format of Chat Completions and answers as a script says; it counts what it was asked. */
export interface ScriptedVendor {
  /** For OPENAI_BASE_URL. */
  url: string;
  requests: VendorRequest[];
  stop: () => Promise<void>;
}

export async function startScriptedVendor(script: (request: VendorRequest, index: number) => VendorAnswer): Promise<ScriptedVendor> {
  const requests: VendorRequest[] = [];
  const server = createServer((request, response) => {
    void answer(request, response).catch((error: unknown) => response.writeHead(500).end(String(error)));
  });

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    if (request.url?.endsWith('/models')) return sendJson(response, 200, { object: 'list', data: [{ id: 'scripted', object: 'model' }] });
    const asked: VendorRequest = JSON.parse(await bodyOf(request));
    requests.push(asked);
    const { text = '', toolCalls = [], delayMs = 0, status = 200 } = script(asked, requests.length - 1);
    if (delayMs > 0) await new Promise((resolve) => setTimeout(resolve, delayMs));
    if (status !== 200) return sendJson(response, status, { error: { message: 'scripted', type: 'scripted' } });
    const message = { role: 'assistant', content: text, ...(toolCalls.length > 0 ? { tool_calls: toolCalls.map((call) => ({ id: call.id, type: 'function', function: { name: call.name, arguments: JSON.stringify(call.arguments) } })) } : {}) };
    sendJson(response, 200, {
      id: `scripted-${requests.length}`,
      object: 'chat.completion',
      created: 1,
      model: asked.model,
      choices: [{ index: 0, message, finish_reason: toolCalls.length > 0 ? 'tool_calls' : 'stop' }],
      usage: { prompt_tokens: 10, completion_tokens: 5, total_tokens: 15 },
    });
  }

  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  const port = address !== null && typeof address === 'object' ? address.port : 0;
  return {
    url: `http://127.0.0.1:${port}/v1`,
    requests,
    stop: () => new Promise((resolve) => {
      server.closeAllConnections();
      server.close(() => resolve());
    }),
  };
}

async function bodyOf(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(Buffer.from(chunk));
  return Buffer.concat(chunks).toString('utf8');
}

function sendJson(response: ServerResponse, status: number, body: object): void {
  response.writeHead(status, { 'Content-Type': 'application/json' }).end(JSON.stringify(body));
}
