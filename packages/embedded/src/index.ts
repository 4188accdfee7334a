export {
  type DetectModelServerOptions,
  detectModelServer,
  type ModelServer,
} from './detect-model-servers.ts';
export * from './fetch-wheel.ts';
export type {
  FailedLocalModel,
  LocalModel,
  LocalModelState,
  ReadyLocalModel,
} from './local-model/supervise-model.ts';
export {
  localModelContextTokens,
  localModelNotice,
  type StartLocalModelOptions,
  startLocalModel,
} from './start-local-model.ts';
