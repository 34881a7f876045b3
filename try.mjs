import { bundleTool } from './libs/tool-sdk/dist/bundle.js';
import { bake } from './libs/tool-sdk/dist/bake.js';
import { createPlugin } from '@extism/extism';
console.time('bundle'); const s = await bundleTool('/tmp/t/tool.ts'); console.timeEnd('bundle'); console.log(s.length);
console.time('bake'); const w = await bake(s, { memoryMib: 32, timeoutMs: 1000 }); console.timeEnd('bake'); console.log(w.length);
const module = new WebAssembly.Module(w);
const f = () => { throw new Error('host'); };
const mk = () => createPlugin({ wasm: [{ module, name: 'main' }] }, { fetch: f, functions: { 'extism:host/user': { http: f, model: f, log: f, progress: f, files: f, tool: f, kv: f } } });
for (const input of [{ a: 1 }, { a: 1, loop: true }, { big: true }, { rec: true }]) { const p = await mk(); const t = performance.now(); try { console.log((await p.call('run', JSON.stringify(input)))?.text()); } catch (e) { console.log('ERR', e.message.slice(0, 300)); } console.log(performance.now() - t, (await p.getInstance()).exports.__fuel.value, (await p.getInstance()).exports.memory.buffer.byteLength); }
const a=[]; for (let i = 0; i < 300; i++) { const t = performance.now(); const p = await mk(); await p.call('run', '{"a":1}'); a.push(performance.now() - t); } a.sort((x,y)=>x-y); console.log('p50', a[150]);
