export {
  type DetectModelServerOptions,
  detectModelServer,
  type ModelServer,
} from './detect-model-servers.ts';
export { type FetchWheelOptions, fetchWheel, type Wheel } from './fetch-wheel.ts';
export { type FindMongodOptions, findMongod, type MongodBinary } from './find-mongod.ts';
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
export type { MongodExit } from './mongod-process.ts';
export {
  localModelContextTokens,
  localModelNotice,
  type StartLocalModelOptions,
  startLocalModel,
} from './start-local-model.ts';
export { type EmbeddedMongo, type StartMongoOptions, startMongo } from './start-mongo.ts';
