import { FailureError, FileName, MOST_ARTEFACTS, MOST_FILE_BYTES, type JsonValue } from '@trivet/contracts';
import type { Blobs } from '@trivet/state';
import type { InjectedFunction } from './host-functions.js';

/**
 * The host function `files` with `write`: a file of the tenant, of which the content is kept now and the file when the call completes, with its
 * result. A call that fails or is taken over leaves none; the last file of a name stands.
 */
export function createArtefacts(blobs: Pick<Blobs, 'put'>): InjectedFunction {
  return async ({ artefacts }, request) => {
    if (!artefacts) return { error: { code: 'tool_host_denied', message: 'Nothing that is written here would be kept: this is no call of a workflow.' } };
    try {
      const { name, type, content } = readArtefact(request);
      if (!artefacts.has(name) && artefacts.size >= MOST_ARTEFACTS) throw new FailureError('payload_too_large', `The call has written ${MOST_ARTEFACTS} files, which is the limit.`, { detail: { limit: MOST_ARTEFACTS } });
      artefacts.set(name, { name, type, content: await blobs.put(content) });
      return { value: { name, bytes: content.length } };
    } catch (error) {
      if (!(error instanceof FailureError)) throw error;
      const { code, message, detail } = error.failure;
      return { error: { code, message, ...(detail ? { detail } : {}) } };
    }
  };
}

const LONGEST_SHOWN = 140;

/** @throws FailureError invalid_request, payload_too_large: with the value and the limit */
function readArtefact(request: JsonValue): { name: string; type: string; content: Uint8Array } {
  const of = request !== null && typeof request === 'object' && !Array.isArray(request) ? request : {};
  const { data: name, error } = FileName.safeParse(of['name']);
  if (name === undefined) throw new FailureError('invalid_request', `${JSON.stringify(of['name'] ?? null).slice(0, LONGEST_SHOWN)} is no name of a file: it ${error.issues[0]?.message}.`);
  const { content: text, base64, type } = of;
  const isText = typeof text === 'string';
  if (!isText && (typeof base64 !== 'string' || !/^[A-Za-z0-9+/]*={0,2}$/.test(base64))) throw new FailureError('invalid_request', `The file ${name} needs its content as a text, or as base64.`);
  const content = isText ? Buffer.from(text) : Buffer.from(String(base64), 'base64');
  if (content.length > MOST_FILE_BYTES) throw new FailureError('payload_too_large', `The file ${name} has ${content.length} bytes; the limit is ${MOST_FILE_BYTES}.`, { detail: { bytes: content.length, limit: MOST_FILE_BYTES } });
  return { name, type: typeof type === 'string' && /^[\w.+-]{1,99}\/[\w.+-]{1,99}$/.test(type) ? type : isText ? 'text/plain' : 'application/octet-stream', content };
}
