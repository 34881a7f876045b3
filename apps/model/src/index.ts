export { answerCall, type AnswerOptions } from './answer-call.js';
export type { ModelContext } from './answering/context.js';
export { createPromptStore, loadPrompts, type PromptStore } from './prompts/prompt-store.js';
export { inlineExtractor, startExtractorThread, type Extractor } from './providers/local/extractor.js';
export { embedLexically } from './providers/local/embed.js';
export { configFromEnvironment, parseModelConfig, type ModelConfig } from './routing/model-config.js';
export { createRouter } from './routing/create-router.js';
export type { Router, Target } from './routing/router.js';
