export { accessTo } from '../chat-access.ts';
export { type HistoryTurn, historyOf } from '../turn-history.ts';
export { playRandomCalls } from './random-calls.ts';
export { type EngineStores, inScope, runCase, type StoreCase } from './store-case.ts';
export { storeSuite } from './store-suite.ts';
export { startTcpProxy, type TcpProxy } from './tcp-proxy.ts';
export { openTestDatabase, type TestDatabase } from './test-database.ts';
