import { createGate } from '@parley/agent/testing';
import { expect, test } from 'vitest';
import { startHarness } from '../harness.ts';
import { openFrontProxy } from './front-proxy.ts';
import { openPage } from './open-page.ts';
import { ParleyTransport } from './parley-transport.ts';

const { makeTeam, model, url } = await startHarness({
  streamTimes: { checkEveryMs: 100, firstCheckMs: 50 },
});
const proxy = await openFrontProxy(url);

test('an answer resumes with a new token after its user was signed out, without repeated text', async () => {
  const team = await makeTeam();
  const { id } = await team.makeChat({ userId: 'user_1' });
  const tokens = [await team.userToken('user_1')];
  const transport = new ParleyTransport({
    url: proxy.url,
    apiKey: await team.guestKey(),
    userToken: async () => tokens.at(-1) ?? '',
  });
  const page = await openPage({ id, transport });
  const gate = createGate();
  model.replyTo('hello', async (call) => {
    call.text('Half of it');
    await gate.released;
    call.text(', and the rest.');
    call.finish();
  });
  const sending = page.act(({ sendMessage }) => sendMessage({ text: 'hello' }));
  await page.until(({ lines }) => lines.at(-1) === 'assistant: Half of it');
  await team.rest('POST', '/user/user_1/sign-out');
  await page.until(({ chat }) => chat.status === 'error');
  await sending;
  expect(page.chat.error?.message).toContain('signed out');
  // The user signs in again and gets a token from after the sign-out.
  tokens.push(await team.userToken('user_1', 600, new Date(Date.now() + 2_000)));
  const again = page.act(({ regenerate }) => regenerate());
  gate.release();
  await again;
  const whole = 'assistant: Half of it, and the rest.';
  expect(page.lines).toEqual(['user: hello', whole]);
  const shown = page.history.filter((line) => line.startsWith('assistant'));
  expect(shown.filter((line) => !whole.startsWith(line))).toEqual([]);
  expect(model.calls()).toHaveLength(1);
});
