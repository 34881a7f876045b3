/** Names under which Nest injects what start.ts has built. */
export const MODEL_RUNNER = Symbol('model-runner');
