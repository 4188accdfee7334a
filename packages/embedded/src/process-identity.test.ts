import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { expect, test } from 'vitest';
import { argumentsOf, identifyByPs, identifyProcess, isRunning } from './process-identity.ts';
import { runCommand } from './run-command.ts';

const { exitCode: psFound } = await runCommand('ps', ['-p', '1'], { timeoutMs: 10_000 });

test('a process keeps its identity while it runs and loses it with its end', async () => {
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

test('a process that has ended but was not fetched by its parent is nobody', async () => {
  const script =
    'import os,subprocess; p=subprocess.Popen(["true"]);' +
    'os.waitid(os.P_PID,p.pid,os.WEXITED|os.WNOWAIT); print(p.pid,flush=True); input()';
  const parent = spawn('python3', ['-c', script]);
  const [line] = await once(parent.stdout.setEncoding('utf8'), 'data');
  expect(await identifyProcess(Number(line))).toBeUndefined();
  if (psFound === 0) expect(await identifyByPs(Number(line))).toBeUndefined();
  parent.stdin.end('\n');
  await once(parent, 'exit');
});

test.skipIf(psFound !== 0)('ps tells the same of a process every time', async () => {
  const identity = await identifyByPs(process.pid);
  expect(identity).toMatchObject({ pid: process.pid, startMark: expect.stringMatching(/[0-9]{4}$/) });
  expect(await identifyByPs(process.pid)).toEqual(identity);
});

test('the command line is told argument by argument', async () => {
  const child = spawn('sleep', ['60']);
  await once(child, 'spawn');
  expect(await argumentsOf(Number(child.pid))).toEqual(expect.arrayContaining(['sleep', '60']));
  child.kill('SIGKILL');
  await once(child, 'exit');
  expect(await argumentsOf(Number(child.pid))).toBeUndefined();
});
