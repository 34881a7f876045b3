export { SECTION, WASM_PAGE_BYTES, WasmFormatError, WasmReader, concatBytes, readSections, unsignedLeb, writeSections, type WasmSection } from './wasm-binary.js';
export { bake, type BakeOptions } from './bake.js';
export { baseInterpreter } from './interpreter.js';
export { bundleTool } from './bundle.js';
export { compileAssemblyScript } from './assemblyscript.js';
export { compileWat } from './wat.js';
export { buildTool, type BuiltTool } from './build-tool.js';
export { readManifest } from './manifest.js';
export { ToolManifest } from '@trivet/contracts';
