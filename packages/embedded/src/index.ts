export { isInstalled } from './is-installed.ts';
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
export { type FindMongodOptions, findMongod, type MongodBinary } from './mongod/find-mongod.ts';
export type { MongodExit } from './mongod/mongod-process.ts';
export { type EmbeddedMongo, type StartMongoOptions, startMongo } from './mongod/start-mongo.ts';
