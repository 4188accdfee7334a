import {
  TRANSFER_VERSION,
  type TransferAgent,
  type TransferChat,
  type TransferFeedback,
  type TransferLine,
  type TransferTurn,
} from '@parley/contract';
import type { Scope, TransferStore } from '@parley/db';

const PAGE = 100;

interface ExportOptions {
  /** Includes the values of tool headers, which are credentials. */
  readonly withSecrets?: boolean | undefined;
  readonly now?: Date;
}

/**
 * Yields the data of a team, or of the user in the scope, line by line: agents, each chat before its turns and their feedback,
 * usage, and the totals. It keeps at most one page in memory. Messages that are sent meanwhile may be missing; each chat
 * is complete up to its first unfinished turn.
 */
export async function* exportTeam(
  transfer: TransferStore,
  scope: Scope,
  { withSecrets = false, now = new Date() }: ExportOptions = {},
): AsyncGenerator<TransferLine> {
  const { team, user } = scope;
  const count = { agents: 0, chats: 0, turns: 0, feedback: 0, usage: 0, turnsLeftOut: 0 };
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
      yield* user === undefined ? turns : turns.map(withoutParts);
      after = turns.at(-1)?.sequence ?? after;
      isOver = isLast;
    }
    for await (const line of pagesOf((last?: TransferFeedback) =>
      transfer.listFeedback(scope, chat.id, PAGE, last),
    )) {
      // The team's own opinion is not a user's data.
      if (user !== undefined && line.by === 'team') continue;
      count.feedback++;
      yield line;
    }
  }
  // Usage is summed for the team, so an export of one user has none.
  if (user === undefined) {
    for await (const row of pagesOf((last?: { id: string; day: string }) =>
      transfer.listUsage(scope, PAGE, last),
    )) {
      count.usage++;
      yield row;
    }
  }
  const { feedback, ...rest } = count;
  yield { type: 'end', ...rest, ...(feedback > 0 && { feedback }) };
}

async function* pagesOf<Item>(read: (last?: Item) => Promise<Item[]>): AsyncGenerator<Item> {
  for (let last: Item | undefined; ; ) {
    const page = await (last === undefined ? read() : read(last));
    yield* page;
    last = page.at(-1);
    if (page.length < PAGE) return;
  }
}

/** The export of one user has the text of answers, and not what their agents hide. */
function withoutParts({ messages, written, ...turn }: TransferTurn): TransferTurn {
  const { parts: _, ...text } = written ?? {};
  return {
    ...turn,
    ...(written && { written: { ...text, attempt: written.attempt } }),
    messages: messages.map(({ parts, ...message }) => message),
  };
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
