import { TRANSFER_VERSION, type TransferAgent, type TransferChat, type TransferLine } from '@parley/contract';
import type { Scope, TransferStore } from '@parley/db';

const PAGE = 100;

interface ExportOptions {
  /** Includes the values of tool headers, which are credentials. */
  readonly withSecrets?: boolean | undefined;
  readonly now?: Date;
}

/**
 * All of a team, or of the user the scope names, line by line: agents, each chat before its turns, usage, and at last
 * how much that was. Never more than a page is held. What is said meanwhile may be in it or not; each chat is whole
 * up to its first turn that had not ended.
 */
export async function* exportTeam(
  transfer: TransferStore,
  scope: Scope,
  { withSecrets = false, now = new Date() }: ExportOptions = {},
): AsyncGenerator<TransferLine> {
  const { team, user } = scope;
  const count = { agents: 0, chats: 0, turns: 0, usage: 0, turnsLeftOut: 0 };
  yield {
    ...{ type: 'parley-export', version: TRANSFER_VERSION, teamId: team },
    ...(user !== undefined && { user }),
    createdAt: now.toISOString(),
  };
  for await (const agent of pagesOf((last?: TransferAgent) => transfer.listAgents(scope, PAGE, last?.id))) {
    count.agents++;
    yield withSecrets ? agent : withoutSecrets(agent);
  }
  for await (const chat of pagesOf((last?: TransferChat) => transfer.listChats(scope, PAGE, last?.id))) {
    count.chats++;
    yield chat;
    for (let after = 0, isOver = false; !isOver; ) {
      const { turns, isLast, leftOut } = await transfer.listTurns(scope, chat.id, PAGE, after);
      count.turns += turns.length;
      count.turnsLeftOut += leftOut;
      yield* turns;
      after = turns.at(-1)?.sequence ?? after;
      isOver = isLast;
    }
  }
  // Sums are the team's: a user's own are not among them.
  if (user === undefined) {
    for await (const row of pagesOf((last?: { id: string; day: string }) =>
      transfer.listUsage(scope, PAGE, last),
    )) {
      count.usage++;
      yield row;
    }
  }
  yield { type: 'end', ...count };
}

async function* pagesOf<Item>(read: (last?: Item) => Promise<Item[]>): AsyncGenerator<Item> {
  for (let last: Item | undefined; ; ) {
    const page = await (last === undefined ? read() : read(last));
    yield* page;
    last = page.at(-1);
    if (page.length < PAGE) return;
  }
}

function withoutSecrets(agent: TransferAgent): TransferAgent {
  return {
    ...agent,
    versions: agent.versions.map(({ tools, ...version }) => ({
      ...version,
      ...(tools && {
        tools: tools.map(({ headers, ...tool }) => ({ ...tool, ...(headers && blank(headers)) })),
      }),
    })),
  };
}

function blank(headers: Readonly<Record<string, unknown>>) {
  return { headers: Object.fromEntries(Object.keys(headers).map((name) => [name, null])) };
}
