import { describe, expect, it } from '@jest/globals';
import type { ToolManifest } from '@trivet/contracts';
import type { ToolVersion } from '@trivet/state';
import { admitRemote } from './remote-tool.js';
import { createToolSource, type AnyTool, type ToolSource, type ToolSourceParts } from './tool-source.js';

const manifestOf = (version: string): ToolManifest => ({ name: 'orders', version, description: 'Finds orders.', input: { type: 'object' }, output: { type: 'object' }, limits: { timeoutMs: 1_000, memoryMib: 1, outputKib: 64, hostCalls: 0 }, remote: 'tools.orders.find' });

function uploaded(version: string): ToolVersion {
  const manifest = manifestOf(version);
  return { manifest, digest: admitRemote(manifest).digest, bytes: 0, uploadedAt: '2026-01-01T00:00:00.000Z', uploadedBy: 'cli' };
}

/** Of tenant acme, which uploaded 1.0.0 and 2.0.0 of orders. */
function sourceWith({ ownVersion, disabled = false }: { ownVersion?: string; disabled?: boolean }): ToolSource {
  const uploads: ToolSourceParts['uploads'] = {
    head: async (tenant) => (tenant === 'acme' ? { version: '2.0.0', disabled } : null),
    version: async (tenant, _name, version) => (tenant === 'acme' && ['1.0.0', '2.0.0'].includes(version) ? uploaded(version) : null),
    versions: async (tenant, name) => (tenant === 'acme' && name === 'orders' ? [uploaded('2.0.0'), uploaded('1.0.0')] : []),
    module: async () => null,
  };
  const bundled = new Map<string, AnyTool>(ownVersion === undefined ? [] : [['orders', admitRemote(manifestOf(ownVersion), { bundled: true })]]);
  return createToolSource({ bundled, uploads, maxMemoryMib: 64 });
}

const versionFound = async (source: ToolSource, version?: string, tenant = 'acme'): Promise<string | undefined> => (await source.find({ tenant, name: 'orders', version }))?.manifest.version;

describe('the tool that a call names', () => {
  it('is the version its name stands for, or the one the call was pinned to', async () => {
    const source = sourceWith({});
    expect(await versionFound(source)).toBe('2.0.0');
    expect(await versionFound(source, '1.0.0')).toBe('1.0.0');
    expect(await versionFound(source, '3.0.0')).toBeUndefined();
    expect(await versionFound(source, undefined, 'globex')).toBeUndefined();
  });

  it('is the executor\'s own, unless the call was pinned to an upload before the executor had one of that name', async () => {
    const source = sourceWith({ ownVersion: '9.0.0' });
    expect(await versionFound(source)).toBe('9.0.0');
    expect(await versionFound(source, '1.0.0')).toBe('1.0.0');
  });

  it('is elsewhere when it neither comes with this executor nor was ever uploaded', async () => {
    const isElsewhere = (name: string, { tenant = 'acme', version }: { tenant?: string; version?: string } = {}) => sourceWith({}).isElsewhere({ tenant, name, version });
    expect(await isElsewhere('mcp_github_search')).toBe(true);
    expect(await isElsewhere('orders', { tenant: 'globex' })).toBe(true);
    expect(await isElsewhere('orders')).toBe(false);
    // Where an upload is gone, no other executor has it either: its call fails.
    expect(await isElsewhere('gone', { version: '1.0.0' })).toBe(false);
    expect(await sourceWith({ ownVersion: '9.0.0' }).isElsewhere({ tenant: 'globex', name: 'orders' })).toBe(false);
  });

  it('is refused while it is disabled', async () => {
    await expect(versionFound(sourceWith({ disabled: true }))).rejects.toThrow('Tool orders is disabled.');
  });
});
