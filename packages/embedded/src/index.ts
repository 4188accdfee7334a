export {
  type DetectModelServerOptions,
  detectModelServer,
  type ModelServer,
} from './detect-model-servers.ts';
export { type FetchWheelOptions, fetchWheel, type Wheel } from './download/fetch-wheel.ts';
export {
  localModelContextTokens,
  localModelNotice,
  type StartLocalModelOptions,
  startLocalModel,
} from './local-model/start-local-model.ts';
export type {
  FailedLocalModel,
  LocalModel,
  LocalModelState,
  ReadyLocalModel,
} from './local-model/supervise-model.ts';
export {
  type FolderHolder,
  FolderInUseError,
  type FolderLock,
  type FolderNote,
  lockFolder,
  readLock,
} from './lock-folder.ts';
export { type FindMongodOptions, findMongod, type MongodBinary } from './mongod/find-mongod.ts';
export type { MongodExit } from './mongod/mongod-process.ts';
export { type EmbeddedMongo, type StartMongoOptions, startMongo } from './mongod/start-mongo.ts';
