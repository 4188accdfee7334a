import type { Lab } from '../lab/lab.ts';
import { databases } from '../lab/open-mongo.ts';
import type { Comparison } from './comparison.ts';
import { streamedTurn, withoutAndWith } from './stream-message.ts';

const WITHOUT_LOG = new URL('../lab/without-log/register.ts', import.meta.url);
const LOG = 'turnLog';

/** Two servers made for it, so that neither has more behind it than the other; one keeps no log. */
export const keepLog: Comparison = {
  title: 'The log of running answers: a streamed turn without it and with it',
  ...streamedTurn,
  concurrencies: [50],
  async sides(lab) {
    const without = await lab.startServer('withoutLog', [WITHOUT_LOG]);
    const withLog = await lab.startServer('withLog');
    return withoutAndWith(without, withLog);
  },
  async verify({ mongo: { client } }: Lab) {
    const pieces = (database: string) => client.db(database).collection(LOG).estimatedDocumentCount();
    const [without, withLog] = [await pieces(databases.withoutLog), await pieces(databases.withLog)];
    if (without === 0 && withLog > 0) return;
    throw new Error(`The server without a log has written ${without} pieces of it, the other ${withLog}.`);
  },
};
