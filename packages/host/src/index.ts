export { type HostLog, type HostParts, type RunningServices, startServices } from './start-services.ts';
