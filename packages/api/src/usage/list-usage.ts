import { limits, listUsageInputSchema, usageListSchema } from '@parley/contract';
import { z } from 'zod';
import { cursorKind } from '../cursor.ts';
import { procedure } from '../procedures.ts';
import { daysOf } from './days-of.ts';
import { toUsageSum } from './to-usage-sum.ts';

const cursors = cursorKind('usage', z.string());

/** `usage.list`: sums calls and tokens by day, agent, agent version, user, key or model. */
export const listUsage = procedure
  .meta({
    openapi: {
      method: 'GET',
      path: '/usage',
      operationId: 'listUsage',
      tags: ['Usage'],
      summary: 'Sum up usage',
      description:
        'Sums usage over a period by day, agent, agent version, user, key or model. Each answer is counted once, within seconds ' +
        'of its end, on the day of its end. A key that is limited to agents only sums the usage of these agents.',
    },
    errors: ['secret_key_needed', 'invalid_cursor'],
  })
  .input(listUsageInputSchema)
  .output(usageListSchema)
  .query(
    async ({ ctx: { stores, services, scope }, input: { groupBy = 'day', limit, cursor, ...asked } }) => {
      const { from, to } = daysOf(asked);
      const query = { from, to, groupBy };
      const after = cursor === undefined ? undefined : cursors.decode(query, cursor);
      const { items, next } = await stores.usage.list(scope, query, {
        limit: limit ?? limits.usagePageMax,
        ...(after !== undefined && { after }),
      });
      return {
        usage: items.map((sum) => toUsageSum(groupBy, sum)),
        ...(!scope.agents && {
          storage: { bytes: await stores.files.storage(scope), bytesMax: services.teamFilesBytesMax },
        }),
        ...(next !== undefined && { nextCursor: cursors.encode(query, next) }),
      };
    },
  );
