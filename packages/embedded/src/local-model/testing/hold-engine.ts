import { type EngineFiles, startEngine } from '../start-engine.ts';
import { fakeSettings } from './fake-engine.ts';

// A process that starts an engine, tells where it listens and does not end by itself: for tests that kill it.
// Its argument is the engine's files, as the test wrote them.
const files = JSON.parse(process.argv[2] ?? '') as EngineFiles;
const engine = await startEngine({ files, settings: fakeSettings, signal: new AbortController().signal });
process.stdout.write(`${engine.url}\n`);
process.stdin.resume();
