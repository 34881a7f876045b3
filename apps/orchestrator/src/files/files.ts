import { isUtf8 } from 'node:buffer';
import { FailureError, FileName, MOST_FILE_BYTES, parseOrFail, type StoredFile } from '@trivet/contracts';
import type { FileStore, LedgerClock } from '@trivet/state';
import type { Actor, AuditTrail } from '../audit/audit-trail.js';
import type { Facts } from '../recovery/facts.js';
import { isPdf, type ReadText, type TextAsker } from './ask-text.js';

/** The files a tenant gives to its tools. */
export interface Files {
  put: (by: Actor, given: GivenFile) => Promise<StoredFile>;
  /** @param workflowId only those that its tools wrote */
  list: (tenant: string, workflowId?: string) => Promise<StoredFile[]>;
  read: (tenant: string, name: string) => Promise<{ file: StoredFile; content: Uint8Array }>;
  remove: (by: Actor, name: string) => Promise<void>;
}

export interface GivenFile {
  name: string;
  type: string;
  content: Uint8Array;
  /** Which tool wrote it. */
  from?: { workflowId: string; stepId: string };
}

export interface FileParts {
  store: FileStore;
  facts: Pick<Facts, 'record' | 'recordContent'>;
  audit: AuditTrail;
  askText: TextAsker;
  clock: LedgerClock;
}

export function createFiles({ store, facts, audit, askText, clock }: FileParts): Files {
  const missing = (name: string): FailureError => new FailureError('not_found', `There is no file ${JSON.stringify(name.slice(0, 130))}.`, { hint: 'See GET /api/v1/files for the names.' });
  const note = ({ tenant, actor }: Actor, action: string, name: string, detail: string | null, workflowId: string | null = null): Promise<void> => audit.record({ tenant, actor, action, target: `file/${name}`, workflowId, detail });
  /** @param isWritten by a tool, whose call has ended: what it wrote is kept, read or not */
  async function textOf(tenant: string, content: Uint8Array, isWritten: boolean): Promise<ReadText> {
    try {
      return await askText(tenant, content);
    } catch (error) {
      if (!isWritten || !(error instanceof FailureError) || error.failure.code !== 'unavailable') throw error;
      return { text: null, pages: null, notice: `Its text was not read when it was written: ${error.failure.message} Upload it again to have it read.` };
    }
  }
  return {
    put: async (by, { name, type, content, from }) => {
      parseOrFail(FileName, name, 'the name of the file');
      if (content.length > MOST_FILE_BYTES) throw new FailureError('payload_too_large', `The file ${name} has ${content.length} bytes; the limit is ${MOST_FILE_BYTES}.`, { detail: { bytes: content.length, limit: MOST_FILE_BYTES } });
      const read = isPdf(name, content) ? await textOf(by.tenant, content, from !== undefined) : null;
      const notice = read ? read.notice : isUtf8(content) ? null : 'It is no text in UTF-8, so tools cannot read it.';
      const about = { ...(typeof read?.pages === 'number' ? { pages: read.pages } : {}), ...(notice ? { notice } : {}) };
      // Without a text, tools get an empty one, and not the bytes of a PDF.
      const text = read ? (read.text ?? new Uint8Array()) : undefined;
      const file = await store.put({ name, type, tenant: by.tenant, uploadedAt: new Date(clock.nowMs()).toISOString(), uploadedBy: by.actor, ...from, ...about }, content, text);
      await facts.recordContent(by.tenant, file.sha256, content);
      if (text && file.text) await facts.recordContent(by.tenant, file.text.sha256, text);
      await facts.record(by.tenant, { kind: 'file', tenant: by.tenant, name, file });
      await note(by, from ? 'file.write' : 'file.upload', name, `${file.bytes} bytes, sha256 ${file.sha256}`, from?.workflowId ?? null);
      return file;
    },
    list: async (tenant, workflowId) => (await store.list(tenant)).filter((file) => workflowId === undefined || file.workflowId === workflowId),
    read: async (tenant, name) => {
      const found = await store.read(tenant, name);
      if (!found) throw missing(name);
      return found;
    },
    remove: async (by, name) => {
      if (!(await store.remove(by.tenant, name))) throw missing(name);
      await facts.record(by.tenant, { kind: 'file', tenant: by.tenant, name, file: null });
      await note(by, 'file.remove', name, null);
    },
  };
}
