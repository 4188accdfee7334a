export type { BatchClock } from '../batching/batcher.ts';
export {
  createReadBatches,
  type ReadBatches,
  type ReadCommands,
  type TurnInRange,
} from '../batching/read-batches.ts';
export {
  createTitleBatches,
  type InitialTitle,
  type TitleBatches,
  type TitleCommands,
} from '../batching/title-batches.ts';
export { createWriteBatches, type WriteBatches, type WriteCommands } from '../batching/write-batches.ts';
export { accessTo } from '../chat/chat-access.ts';
export { sizeOfSteps } from '../turn/steps-size.ts';
export { toStoredParts } from '../turn/stored-parts.ts';
export { JoinedBatches } from '../turn-log/join-batches.ts';
export { playRandomCalls } from './random-calls.ts';
export { type EngineStores, inScope, runCase, type StoreCase } from './store-case.ts';
export { storeSuite } from './store-suite.ts';
export { startTcpProxy, type TcpProxy } from './tcp-proxy.ts';
export { openTestDatabase, type TestDatabase } from './test-database.ts';
