import type { JsonValue, ToolManifest } from '@trivet/contracts';
import type { HostHandler, HostReply } from '../sandbox/job.js';
import { createArtefacts } from './artefacts.js';
import { createHostHandler, type HostCallContext, type InjectedFunction } from './host-functions.js';
import { createCaseMemory } from './case-memory.js';
import { readKvRequest } from './kv.js';

/**
 * What answers a tool while a case of cases.json runs, at its author's and at the upload. A case must not depend on what the world answers on the
 * day: state begins empty, what is written goes nowhere, and everybody else is not there (`capability_unavailable`).
 */
export function createCaseHost({ name, grants = {} }: ToolManifest): HostHandler {
  const context: HostCallContext = { tenant: 'cases', workflowId: 'case', stepId: 'case', callId: 'case', attempt: 1, tool: name, depth: 0, artefacts: new Map() };
  const absent = async (): Promise<HostReply> => ({ error: { code: 'capability_unavailable', message: `Nobody outside is asked while the cases of tool ${name} run; a tool may catch this and do otherwise.` } });
  const silent = (): void => undefined;
  return createHostHandler(context, grants, { http: absent, model: absent, tool: absent, documents: () => ({ list: async () => [], read: async () => null }), log: silent, progress: silent, kv: memoryKv(), memory: createCaseMemory(), artefacts: createArtefacts({ put: async (bytes) => ({ blob: '0'.repeat(64), bytes: bytes.length }) }) });
}

function memoryKv(): InjectedFunction {
  const kept = new Map<string, JsonValue>();
  return async (_call, request) => {
    const asked = readKvRequest(request);
    switch (asked.op) {
      case 'get':
        return { value: kept.get(asked.key) ?? null };
      case 'set':
        kept.set(asked.key, asked.value);
        return { value: null };
      case 'delete':
        return { value: kept.delete(asked.key) };
      case 'list':
        return { value: [...kept.keys()].filter((key) => key.startsWith(asked.prefix)).sort() };
      default:
        return asked satisfies never;
    }
  };
}
