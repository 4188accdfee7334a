export {
  type DetectModelServerOptions,
  detectModelServer,
  type ModelServer,
} from './detect-model-servers.ts';
export * from './fetch-wheel.ts';
