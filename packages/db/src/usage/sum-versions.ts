import type { Models } from '../models.ts';
import type { Scope } from '../scope.ts';
import { sums, within } from './usage-query.ts';
import type { UsageQuery, UsageSum } from './usage-records.ts';
import { partsOfVersionName, UNKNOWN_VERSION, versionName } from './version-name.ts';

type Counts = Pick<UsageSum, 'turns' | 'calls' | 'inputTokens' | 'outputTokens'>;
type Ratings = NonNullable<UsageSum['feedback']>;

interface Version {
  readonly _id: { readonly agent: string; readonly version: number };
}

interface Page {
  readonly limit: number;
  readonly after?: string;
}

const NO_COUNTS: Counts = { turns: 0, calls: 0, inputTokens: 0, outputTokens: 0 };
const NO_RATINGS: Ratings = { up: 0, down: 0 };

const groupId = { agent: '$agent', version: { $ifNull: ['$agentVersion', UNKNOWN_VERSION] } } as const;
const countOf = (rating: string) => ({ $sum: { $cond: [{ $eq: ['$rating', rating] }, 1, 0] } });

/**
 * Sums usage and feedback by agent and version. Returns one sum more than the limit of the page if there are more. A sum has
 * its place in both collections, so each query reads the same page.
 */
export function createVersionSums({ usage, feedback }: Pick<Models, 'usage' | 'feedback'>) {
  return async (scope: Scope, query: UsageQuery, page: Page): Promise<UsageSum[]> => {
    // Feedback names no user, because only a sum for a whole team or for agents reads it.
    const { user: _, ...ofAgents } = scope;
    const [used, rated] = await Promise.all([
      usage.aggregate<Version & Counts>([{ $match: within(scope, query) }, ...groupsOf(page, sums)]),
      scope.user !== undefined
        ? []
        : feedback.aggregate<Version & Ratings>([
            { $match: within(ofAgents, query) },
            ...groupsOf(page, { up: countOf('up'), down: countOf('down') }),
          ]),
    ]);
    const versions = new Map<string, UsageSum & Version>();
    for (const { _id, ...counts } of used) {
      const name = versionName(_id.agent, _id.version);
      versions.set(name, { _id, name, ...counts, feedback: NO_RATINGS });
    }
    for (const { _id, up, down } of rated) {
      const name = versionName(_id.agent, _id.version);
      const sum = versions.get(name) ?? { _id, name, ...NO_COUNTS };
      versions.set(name, { ...sum, feedback: { up, down } });
    }
    return [...versions.values()]
      .sort(byAgentAndVersion)
      .slice(0, page.limit + 1)
      .map(({ _id: _version, ...sum }) => sum);
  };
}

function groupsOf({ limit, after }: Page, fields: object) {
  return [
    ...(after === undefined ? [] : [{ $match: behind(after) }]),
    { $group: { _id: groupId, ...fields } },
    { $sort: { '_id.agent': 1, '_id.version': 1 } },
    { $limit: limit + 1 },
  ] as const;
}

/** Matches the rows after this sum. Rows without a version come first. */
function behind(name: string) {
  const { agent, version } = partsOfVersionName(name);
  return { $or: [{ agent: { $gt: agent } }, { agent, agentVersion: { $gt: version } }] };
}

function byAgentAndVersion({ _id: one }: Version, { _id: other }: Version): number {
  if (one.agent !== other.agent) return one.agent < other.agent ? -1 : 1;
  return one.version - other.version;
}
