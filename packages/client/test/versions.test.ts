import { describe, expect, test } from 'vitest';
import { startHarness } from '../../../apps/server/test/harness.ts';
import { openClient } from './support/open-client.ts';
import { expectShowsList, isAtRest, linesOf } from './support/shown.ts';

/*
 * Two clients follow one chat. Each must show the path that the list shows, whoever changed it.
 */

const { makeTeam, url } = await startHarness({ bounds: { tickMs: 20 } });
const team = await makeTeam();

/** A chat with two questions and their answers, open on two devices. */
async function twoDevices() {
  const { id: chatId } = await team.makeChat();
  for (const content of ['one', 'two']) await team.send(chatId, content);
  const devices = [1, 2].map(() => openClient({ url, apiKey: team.publishableKey }).open(chatId));
  const [here, there] = devices;
  if (!here || !there) throw new Error('two devices are open');
  const views = await Promise.all(devices.map(({ until }) => until(isAtRest(4))));
  const ids = views[0]?.entries.map(({ messageId }) => messageId ?? '') ?? [];
  /** Waits until both devices show these lines, and compares them with the list. */
  const bothShow = async (...lines: string[]) => {
    for (const device of devices) {
      const view = await device.until(
        (shown) => isAtRest(lines.length)(shown) && linesOf(shown).join() === lines.join(),
      );
      await expectShowsList(team, chatId, view);
    }
    return here.chat.view().entries;
  };
  return { here: here.chat, there: there.chat, ids, bothShow };
}

const ONE = ['user: one', 'answer: You said: one'];
const TWO = ['user: two', 'answer: You said: two'];

describe('a chat with versions', () => {
  test('a message that is replaced on one device is replaced on both', async () => {
    const { here, ids, bothShow } = await twoDevices();
    await here.replace(ids[0] ?? '', 'uno');
    const [question] = await bothShow('user: uno', 'answer: You said: uno');
    expect(question?.siblings).toEqual({ index: 1, count: 2, ids: [ids[0], question?.messageId] });
  });

  test('an answer that is generated again is shown on both devices with its versions', async () => {
    const { here, ids, bothShow } = await twoDevices();
    await here.retry(ids[1] ?? '');
    const [, answer] = await bothShow(...ONE);
    expect(answer?.siblings).toEqual({ index: 1, count: 2, ids: [ids[1], answer?.messageId] });
  });

  test('a path that one device chooses is shown on both, and the choice of the other one too', async () => {
    const { here, there, ids, bothShow } = await twoDevices();
    await here.replace(ids[2] ?? '', 'due');
    const shown = await bothShow(...ONE, 'user: due', 'answer: You said: due');
    await there.choosePath(ids[2] ?? '');
    const chosen = await bothShow(...ONE, ...TWO);
    expect(chosen[2]?.siblings).toMatchObject({ index: 0, count: 2 });
    await here.choosePath(shown[2]?.messageId ?? '');
    await bothShow(...ONE, 'user: due', 'answer: You said: due');
  });

  test('a message cannot be replaced by an empty one, and the transcript stays', async () => {
    const { here, ids, bothShow } = await twoDevices();
    await expect(here.replace(ids[0] ?? '', '')).rejects.toMatchObject({ code: 'invalid_input' });
    await bothShow(...ONE, ...TWO);
  });
});
