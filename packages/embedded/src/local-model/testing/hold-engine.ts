import { type EngineFiles, startEngine } from '../start-engine.ts';
import { fakeSettings } from './fake-engine.ts';

// A process that starts an engine, prints its address and keeps running until a test kills it. Its argument is the engine's
// files as JSON.
const files = JSON.parse(process.argv[2] ?? '') as EngineFiles;
const engine = await startEngine({ files, settings: fakeSettings, signal: new AbortController().signal });
process.stdout.write(`${engine.url}\n`);
process.stdin.resume();
