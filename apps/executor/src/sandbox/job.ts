import type { JsonObject, JsonValue, ToolLimits } from '@trivet/contracts';
import type { SandboxResult } from './result.js';
import type { HostFunctionName } from './slot/messages.js';

/** A module that passed admission, and what its manifest allows it. */
export interface SandboxTool {
  name: string;
  /** sha256 of `module`. */
  digest: string;
  /** The module as admission rewrote it. */
  module: Uint8Array;
  entry: string;
  limits: ToolLimits;
  /** `shared`: our own plugins may run in one process for all tenants. `tenant`: a process never sees two tenants. */
  isolation: 'shared' | 'tenant';
}

/** An answer to a host call. An error reaches the tool, which may catch it. */
export type HostReply = { value: JsonValue } | { error: { code: string; message: string; detail?: JsonObject } };
export type HostHandler = (name: HostFunctionName, request: unknown, signal: AbortSignal) => Promise<HostReply>;

export interface RunOptions {
  tenant: string;
  /** Answers the plugin's host calls; its signal fires when the call is over, however it ended. */
  host: HostHandler;
  /** Ends the call: the process is killed at once. */
  signal?: AbortSignal;
  /** A shorter limit than the tool's own; a longer one has no effect. */
  timeoutMs?: number;
  /** 0 for a call of the orchestrator, 1 for a tool called by a tool, 2 at most. */
  depth?: number;
  /** Of a call of the orchestrator; by it is told which of them wait for a slot. */
  callId?: string;
  /** What `new Date()` says inside an interpreter. */
  nowMs?: number;
  /** Of a call that may be gone on with in another process: what an earlier one left, or null to begin. */
  resumable?: { snapshot: Uint8Array | null };
}

export interface Job {
  tool: SandboxTool;
  input: Uint8Array;
  options: RunOptions;
  depth: number;
  owner: string;
  settle(result: SandboxResult): void;
}

export const MAX_DEPTH = 2;
