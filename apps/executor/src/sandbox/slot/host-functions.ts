import type { CallContext, ExtismPluginOptions } from '@extism/extism';
import { FRAME } from '../frames.js';
import type { CallState } from './call-state.js';
import { HOST_FUNCTIONS, MAX_HOST_PAYLOAD_BYTES, MAX_NOTES, isNote, type HostFunctionName } from './messages.js';
import { readFrame, writeFrame } from './pipe.js';

type HostFunctions = NonNullable<ExtismPluginOptions['functions']>;

/** Everything a plugin can import, bound to one call: Extism's own functions where they need a limit, and ours. */
export function hostFunctions(state: CallState): HostFunctions {
  const user = Object.fromEntries(
    HOST_FUNCTIONS.map((name) => [name, (context: CallContext, address: bigint) => context.store(hostCall(state, name, bytesAt(context, address)))]),
  );
  return { 'extism:host/env': { ...limitedEnvironment(state), ...stockHttp(state), ...stockLog(state) }, 'extism:host/user': user };
}

function bytesAt(context: CallContext, address: bigint): Uint8Array {
  const block = context.read(address);
  if (block === null) throw new RangeError(`no host block at address ${address}`);
  return block.bytes();
}

/** Sends a host call to the pool and waits. Counted here and, since this process is not trusted, there too. */
function hostCall(state: CallState, name: HostFunctionName, payload: Uint8Array): Uint8Array {
  const { tool, hostCalls } = state.call;
  if (isNote(name)) {
    state.notes += 1;
    if (state.notes > MAX_NOTES) state.condemn({ code: 'tool_host_calls_exceeded', message: `Tool ${tool} wrote ${state.notes} log and progress lines; the limit is ${MAX_NOTES} a call.`, detail: { value: state.notes, limit: MAX_NOTES } });
  } else {
    state.hostCalls += 1;
    if (state.hostCalls > hostCalls) state.condemn({ code: 'tool_host_calls_exceeded', message: `Tool ${tool} made host call number ${state.hostCalls} (${name}); its limit is ${hostCalls}.`, detail: { value: state.hostCalls, limit: hostCalls } });
  }
  if (payload.byteLength > MAX_HOST_PAYLOAD_BYTES) {
    state.condemn({ code: 'tool_memory_exceeded', message: `Tool ${tool} sent ${payload.byteLength} bytes to ${name}; the limit is ${MAX_HOST_PAYLOAD_BYTES}.`, detail: { value: payload.byteLength, limit: MAX_HOST_PAYLOAD_BYTES } });
  }
  writeFrame(FRAME.host, { name }, payload);
  const reply = readFrame();
  if (reply.type !== FRAME.reply) throw new Error('The pool broke the protocol.');
  return new Uint8Array(reply.payload);
}

function limitedEnvironment(state: CallState) {
  return {
    alloc: (context: CallContext, size: bigint) => {
      const bytes = Number(BigInt.asUintN(64, size));
      state.admitBlock(bytes, (address) => context.length(address));
      const address = context.alloc(size);
      state.track(address, bytes);
      return address;
    },
  };
}

/** Plugins written with a stock Extism PDK do HTTP through these; they end in the same guard as `http`. */
function stockHttp(state: CallState) {
  let status = 0;
  return {
    http_request: (context: CallContext, requestAddress: bigint, bodyAddress: bigint) => {
      const request: unknown = JSON.parse(new TextDecoder().decode(bytesAt(context, requestAddress)));
      const body = bodyAddress === 0n ? undefined : new TextDecoder().decode(bytesAt(context, bodyAddress));
      const text = JSON.stringify({ ...(typeof request === 'object' ? request : {}), body });
      const envelope: { value?: { status: number; body: string }; error?: { message: string } } = JSON.parse(new TextDecoder().decode(hostCall(state, 'http', new TextEncoder().encode(text))));
      if (!envelope.value) throw new Error(envelope.error?.message ?? 'The HTTP request failed.');
      status = envelope.value.status;
      return context.store(envelope.value.body);
    },
    http_status_code: () => status,
    http_headers: () => 0n,
  };
}

function stockLog(state: CallState) {
  const at = (level: string) => (context: CallContext, address: bigint) => {
    const message = new TextDecoder().decode(bytesAt(context, address));
    hostCall(state, 'log', new TextEncoder().encode(JSON.stringify({ message, fields: { level } })));
  };
  return { log_trace: at('trace'), log_debug: at('debug'), log_info: at('info'), log_warn: at('warn'), log_error: at('error') };
}
