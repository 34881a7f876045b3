export { sourceArguments } from './run-source.js';
export { nodeOptionsFor, type Alteration } from './altered-code.js';
export { startNats, startRedis, startServers, type RedisOptions, type TestServer, type TestServers } from './servers.js';
export { createSlowDisk, type SlowDisk } from './slow-disk.js';
export { startTcpProxy, type NetworkWeather, type TcpProxy } from './tcp-proxy.js';
export { itPerTier, testShape } from './shape.js';
export { startStack, until, type Replacement, type ServiceProcess, type Stack, type StackOptions } from './stack.js';
export { startScriptedVendor, type ScriptedVendor, type VendorAnswer, type VendorMessage, type VendorRequest } from './scripted-vendor.js';
export { makeMappedPdf, makePdf, makeUnicodePdf, pdfOf, pdfStream } from './make-pdf.js';
