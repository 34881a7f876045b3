import { Controller, Get, Header, Req } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import { VERSION } from '../version.js';

/** The first page: what this is and how to send it something. */
@Controller()
export class HomeController {
  @Get()
  @Header('Content-Type', 'text/html; charset=utf-8')
  @Header('Content-Security-Policy', "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'")
  home(@Req() request: FastifyRequest): string {
    return pageAt(addressOf(request));
  }
}

/** Where the reader found this page, so that the lines work when pasted; a Host that is no host and port is not repeated. */
function addressOf(request: FastifyRequest): string {
  const host = request.headers.host ?? '';
  return /^[A-Za-z0-9.:[\]-]{1,255}$/.test(host) ? host : `localhost:${request.socket.localPort}`;
}

const pageAt = (address: string): string => `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1"><title>Trivet</title>
<style>body{font:16px/1.5 system-ui,sans-serif;max-width:44rem;margin:3rem auto;padding:0 1rem;color:#1c2430;background:#fbfbfa}code,pre{font:14px/1.5 ui-monospace,monospace}pre{background:#eef0f2;padding:.8rem 1rem;overflow-x:auto;border-radius:6px}h1{margin-bottom:0}nav a{margin-right:1rem}@media(prefers-color-scheme:dark){body{background:#14181d;color:#dfe5ec}pre{background:#1f262e}a{color:#8ab8ff}}</style></head>
<body><h1>Trivet ${VERSION}</h1><p>Durable AI-agent workflows on three services that share nothing but a message bus.</p>
<nav><a href="/api/v1/workflows">Workflows</a><a href="/api/v1/workers">Workers</a><a href="/api/v1/tools">Tools</a><a href="/api/v1/prompts">Prompts</a><a href="/api/v1/queues">Queues</a><a href="/api/v1/dead">Dead letters</a><a href="/api/v1/audit">Audit</a></nav>
<h2>Send it a task</h2>
<pre>curl -s 'http://${address}/api/v1/tasks?wait=30s' -H 'content-type: application/json' \\
  -d '{"goal":"Analyse Nimbus Robotics","template":"research"}'</pre>
<pre>nats req trivet.v1.rpc.task.submit '{"goal":"Analyse Nimbus Robotics"}'</pre>
<pre>npx trivet run --url http://${address} "Analyse Nimbus Robotics"</pre>
</body></html>`;
