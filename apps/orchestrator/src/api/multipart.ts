import type { FastifyRequest } from 'fastify';
import { FailureError } from '@trivet/contracts';

/** One part of a body: a field, or a file with its name. */
export interface Part {
  field: string;
  file: { name: string; type: string } | null;
  content: Uint8Array;
}

export interface MultipartLimits {
  parts: number;
  fileBytes: number;
  textBytes?: number;
  /** The sentence for whoever sent more. */
  tooLarge: string;
  /** The request as it should be. */
  hint: string;
}

/** The parts of a multipart/form-data body, in its order. Throws a FailureError `payload_too_large` or `invalid_request`. */
export async function* partsOf(request: FastifyRequest, { parts, fileBytes, textBytes, tooLarge, hint }: MultipartLimits): AsyncGenerator<Part> {
  if (!request.isMultipart()) throw new FailureError('invalid_request', `The body is ${request.headers['content-type'] ?? 'of no type'}; this takes multipart/form-data.`, { hint });
  try {
    for await (const part of request.parts({ limits: { parts, fileSize: fileBytes, ...(textBytes === undefined ? {} : { fieldSize: textBytes }) } })) {
      if (part.type === 'file') yield { field: part.fieldname, file: { name: part.filename, type: part.mimetype }, content: new Uint8Array(await part.toBuffer()) };
      else yield { field: part.fieldname, file: null, content: Buffer.from(String(part.value)) };
    }
  } catch (error) {
    if (error instanceof Error && 'statusCode' in error && error.statusCode === 413) throw new FailureError('payload_too_large', tooLarge, { cause: error });
    throw new FailureError('invalid_request', `The body is no multipart/form-data that can be read: ${error instanceof Error ? error.message : 'unknown'}.`, { cause: error });
  }
}
