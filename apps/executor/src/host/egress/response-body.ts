import type { IncomingMessage } from 'node:http';
import { Readable } from 'node:stream';
import { createBrotliDecompress, createGunzip, createInflate } from 'node:zlib';
import { NetworkError } from './network-error.js';

/**
 * Reads a body as text, up to a number of bytes counted after decompression, so that a small compressed body cannot
 * become a large one. The connection is dropped the moment the limit is passed.
 */
export async function readBody(response: IncomingMessage, maxBytes: number, host: string, signal: AbortSignal): Promise<string> {
  const stream = decompressed(response);
  const chunks: Buffer[] = [];
  let total = 0;
  try {
    for await (const chunk of stream) {
      const bytes = Buffer.from(chunk);
      total += bytes.length;
      if (total > maxBytes) throw new NetworkError('network_failed', `The answer of ${host} has more than ${maxBytes} bytes, which is the limit.`, { limit: maxBytes });
      chunks.push(bytes);
    }
  } catch (error) {
    if (error instanceof NetworkError) throw error;
    if (signal.aborted) throw new NetworkError('network_timeout', `${host} did not finish its answer in time.`, {});
    throw new NetworkError('network_failed', `The answer of ${host} broke off or is damaged.`, {});
  } finally {
    response.destroy();
    if (stream !== response) stream.destroy();
  }
  return decode(Buffer.concat(chunks), response.headers['content-type']);
}

function decompressed(response: IncomingMessage): Readable {
  const encoding = response.headers['content-encoding']?.trim().toLowerCase();
  const decoder = encoding === 'gzip' || encoding === 'x-gzip' ? createGunzip() : encoding === 'deflate' ? createInflate() : encoding === 'br' ? createBrotliDecompress() : null;
  if (!decoder) return response;
  response.on('error', (error) => decoder.destroy(error));
  response.on('aborted', () => decoder.destroy(new Error('aborted')));
  return response.pipe(decoder);
}

function decode(bytes: Buffer, contentType: string | undefined): string {
  const charset = /charset=["']?([\w-]+)/i.exec(contentType ?? '')?.[1] ?? 'utf-8';
  try {
    return new TextDecoder(charset).decode(bytes);
  } catch {
    return new TextDecoder().decode(bytes);
  }
}
