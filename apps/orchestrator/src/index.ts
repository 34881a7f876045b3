export { orchestratorDefinition } from './definition.js';
export { startOrchestrator, type OrchestratorRuntime } from './start.js';
export { VARIABLES } from './variables.js';
export { VERSION } from './version.js';
