import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { expect, test } from 'vitest';
import { commandLineOf } from './command-line.ts';

test('the command line of a process is known until the process ends', async () => {
  const child = spawn('sleep', ['60']);
  await once(child, 'spawn');
  expect(await commandLineOf(Number(child.pid))).toBe('sleep 60');
  child.kill('SIGKILL');
  await once(child, 'exit');
  expect(await commandLineOf(Number(child.pid))).toBeUndefined();
});

test('a zombie process has no command line', async () => {
  const script =
    'import os,subprocess; p=subprocess.Popen(["true"]);' +
    'os.waitid(os.P_PID,p.pid,os.WEXITED|os.WNOWAIT); print(p.pid,flush=True); input()';
  const parent = spawn('python3', ['-c', script]);
  const [line] = await once(parent.stdout.setEncoding('utf8'), 'data');
  expect(await commandLineOf(Number(line))).toBeUndefined();
  parent.stdin.end('\n');
  await once(parent, 'exit');
});
