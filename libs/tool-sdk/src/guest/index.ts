/** What the author of a tool imports: `import { http, model, files } from '@trivet/tool-sdk/guest'`. */
export { HostError, files, http, kv, log, model, progress, tool, type HttpReply, type HttpRequest, type ModelReply, type ModelRequest } from './host.js';
export { evaluate, limitFuel } from './natives.js';
export { onIdle, onResume, serve, whenIdle } from './driver.js';
