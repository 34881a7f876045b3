export { sourceArguments } from './run-source.js';
export { startNats, startRedis, startServers, type TestServer, type TestServers } from './servers.js';
export { startStack, until, type ServiceProcess, type Stack, type StackOptions } from './stack.js';
export { startScriptedVendor, type ScriptedVendor, type VendorAnswer, type VendorMessage, type VendorRequest } from './scripted-vendor.js';
