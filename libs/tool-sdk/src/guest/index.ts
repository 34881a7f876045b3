/** What the author of a tool imports: `import { http, model, files } from '@trivet/tool-sdk/guest'`. */
export { HostError, files, http, kv, log, memory, model, progress, tool, type HttpReply, type HttpRequest, type MemoryEntry, type MemoryFilter, type ModelReply, type ModelRequest } from './host.js';
export { evaluate, limitFuel } from './natives.js';
export { onIdle, onResume, serve, whenIdle } from './driver.js';
