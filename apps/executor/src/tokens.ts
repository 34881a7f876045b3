/** Names under which Nest injects what start.ts has built. */
export const TOOL_RUNNER = Symbol('tool-runner');
