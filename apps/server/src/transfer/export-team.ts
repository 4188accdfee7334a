import { type ShowSettings, visiblePart } from '@parley/api/operator';
import {
  compact,
  type Id,
  type TapePart,
  TRANSFER_VERSION,
  type TransferAgent,
  type TransferChat,
  type TransferFeedback,
  type TransferLine,
  type TransferTurn,
} from '@parley/contract';
import type { Scope, TransferStore } from '@parley/db';

const PAGE = 100;

type TransferParts = TransferTurn['messages'][number]['parts'];

interface ExportOptions {
  /** Includes the values of tool headers, which are credentials. */
  readonly withSecrets?: boolean | undefined;
  readonly now?: Date;
}

/**
 * Yields the data of a team, or of the user in the scope, line by line: agents, each chat before its turns and their feedback,
 * usage, and the totals. The answers of one user lack what their agents hide from callers. It keeps at most one page in
 * memory. Messages that are sent meanwhile may be missing; each chat is complete up to its first unfinished turn.
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
  const shown = new Map<Id<'agent'>, ShowSettings>();
  for await (const agent of pagesOf((last?: TransferAgent) => transfer.listAgents(scope, PAGE, last?.id))) {
    count.agents++;
    if (user !== undefined) shown.set(agent.id, showSettingsOf(agent));
    yield withSecrets ? agent : withoutSecrets(agent);
  }
  for await (const chat of pagesOf((last?: TransferChat) => transfer.listChats(scope, PAGE, last?.id))) {
    count.chats++;
    yield chat;
    for (let after = 0, isOver = false; !isOver; ) {
      const { turns, isLast, leftOut } = await transfer.listTurns(scope, chat.id, PAGE, after);
      count.turns += turns.length;
      count.turnsLeftOut += leftOut;
      yield* user === undefined ? turns : turns.map((turn) => withoutHidden(turn, shown.get(chat.agentId)));
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

/** The settings of an agent's newest version that decide which parts callers see. */
function showSettingsOf({ version, versions }: TransferAgent): ShowSettings {
  const newest = versions.find((one) => one.version === version);
  return compact({
    reasoning: newest?.reasoning,
    tools: newest?.tools?.map(({ name, show }) => compact({ name, show })),
  });
}

/** The export of one user has of the answers what callers see. A deleted agent has the default settings. */
function withoutHidden(
  { messages, written, ...turn }: TransferTurn,
  settings: ShowSettings = {},
): TransferTurn {
  const shownOf = <Text extends { readonly parts?: TransferParts | undefined }>({ parts, ...text }: Text) => {
    // The schema of the line has checked the fields of each part.
    const shown = parts?.flatMap((part) => visiblePart(compact(part) as TapePart, settings) ?? []);
    return { ...text, ...(shown?.some(({ type }) => type !== 'text') && { parts: shown }) };
  };
  return { ...turn, ...(written && { written: shownOf(written) }), messages: messages.map(shownOf) };
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
