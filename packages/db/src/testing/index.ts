export { startTcpProxy, type TcpProxy } from './tcp-proxy.ts';
export { openTestDatabase, type TestDatabase } from './test-database.ts';
