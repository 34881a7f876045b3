export { startNats, startRedis, startServers, type TestServer, type TestServers } from './servers.js';
