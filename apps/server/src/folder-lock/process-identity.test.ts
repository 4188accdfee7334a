import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { expect, test } from 'vitest';
import { identifyByPs, identifyProcess, isRunning } from './process-identity.ts';

const hasPs = spawnSync('ps', ['-p', '1']).status === 0;

test('a process keeps its identity while it runs and loses it when it ends', async () => {
  const child = spawn('sleep', ['60']);
  await once(child, 'spawn');
  const identity = await identifyProcess(Number(child.pid));
  expect(identity).toMatchObject({ pid: child.pid, startMark: expect.stringMatching(/^[A-Za-z0-9-]+$/) });
  if (!identity) return;
  expect(await isRunning(identity)).toBe(true);
  expect(await isRunning({ ...identity, startMark: 'another' })).toBe(false);
  child.kill('SIGKILL');
  await once(child, 'exit');
  expect(await isRunning(identity)).toBe(false);
});

test('a zombie process has no identity', async () => {
  const script =
    'import os,subprocess; p=subprocess.Popen(["true"]);' +
    'os.waitid(os.P_PID,p.pid,os.WEXITED|os.WNOWAIT); print(p.pid,flush=True); input()';
  const parent = spawn('python3', ['-c', script]);
  const [line] = await once(parent.stdout.setEncoding('utf8'), 'data');
  expect(await identifyProcess(Number(line))).toBeUndefined();
  if (hasPs) expect(await identifyByPs(Number(line))).toBeUndefined();
  parent.stdin.end('\n');
  await once(parent, 'exit');
});

test.skipIf(!hasPs)('ps gives a process the same identity every time', async () => {
  const identity = await identifyByPs(process.pid);
  expect(identity).toMatchObject({ pid: process.pid, startMark: expect.stringMatching(/[0-9]{4}$/) });
  expect(await identifyByPs(process.pid)).toEqual(identity);
});
