import { describe, expect, it } from '@jest/globals';
import { ToolManifest } from '@trivet/contracts';
import { admitRemote } from './remote-tool.js';
import { admitTool, describeTool } from './tool-catalog.js';

const MANIFEST: ToolManifest = { name: 'orders', version: '1.0.0', description: 'Finds orders.', input: { type: 'object', required: ['id'] }, output: { type: 'object' }, limits: { timeoutMs: 1_000, memoryMib: 1, outputKib: 64, hostCalls: 0 }, remote: 'tools.orders.find' };

describe('the manifest of a remote tool', () => {
  it.each(['tools.orders', 'tools.orders.find', 'tools.team-a.v1.orders_find'])('may name %s', (remote) => {
    expect(ToolManifest.parse({ ...MANIFEST, remote }).remote).toBe(remote);
  });

  it.each(['', 'tools', 'tools.', 'tools.*', 'tools.>', 'tools.a..b', 'tools.a b', 'tools.a\n', 'tools.a\r\nPUB x 0\r\n', 'orders.find', 'xtools.a', 'trivet.>', 'trivet.v1.tool.result.default.w1', '$JS.API.STREAM.PURGE.EVENTS', '$JS.ACK.CALLS', '$SYS.>', '$SRV.PING', '_INBOX.a', '_INBOX_executor.a', '>', '*'])('may not name %j', (remote) => {
    const parsed = ToolManifest.safeParse({ ...MANIFEST, remote });
    expect(parsed.error?.issues).toMatchObject([{ path: ['remote'], message: expect.stringContaining('must be tools. and 1 to 8 names') }]);
  });
});

describe('a remote tool', () => {
  it('is admitted from its manifest, which is its digest', () => {
    const tool = admitRemote(MANIFEST);
    expect(describeTool(tool)).toEqual({ ...MANIFEST, digest: expect.stringMatching(/^[0-9a-f]{64}$/), bundled: false });
    expect(admitRemote({ ...MANIFEST, description: 'Another.' }).digest).not.toBe(tool.digest);
    expect(admitRemote({ ...MANIFEST }).digest).toBe(tool.digest);
    expect(tool.checkInput({})).toHaveLength(1);
  });

  it('has nothing that only a plugin can have', () => {
    expect(() => admitRemote({ ...MANIFEST, entry: 'run', grants: { model: true } })).toThrow(expect.objectContaining({ failure: expect.objectContaining({ code: 'tool_refused', message: expect.stringContaining('names remote tools.orders.find and has entry and grants') }) }));
    const { remote: _, ...plugin } = MANIFEST;
    expect(() => admitRemote(plugin)).toThrow(expect.objectContaining({ failure: expect.objectContaining({ code: 'tool_refused', message: expect.stringContaining('names no remote') }) }));
    expect(() => admitTool(MANIFEST, new Uint8Array(8), { maxMemoryMib: 64, bundled: false })).toThrow(expect.objectContaining({ failure: expect.objectContaining({ code: 'tool_refused', message: expect.stringContaining('it is one or the other') }) }));
  });

  it('must have schemas that are some', () => {
    expect(() => admitRemote({ ...MANIFEST, output: { type: 'nonsense' } })).toThrow(expect.objectContaining({ failure: expect.objectContaining({ code: 'invalid_request' }) }));
  });
});
