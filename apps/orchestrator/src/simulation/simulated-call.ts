import type { ModelCall, ToolCall } from '@trivet/contracts';

type Message = ToolCall & ModelCall & { callIds?: string[] };

/** A message of our own making, read back: the contracts' own check would cost more than all the rest of a step. */
export function parseSimulatedCall(data: Uint8Array): Message {
  const message: Message = JSON.parse(Buffer.from(data).toString());
  return message;
}
