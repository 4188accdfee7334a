export { type HostDeps, type HostLog, type RunningServices, startServices } from './start-services.ts';
