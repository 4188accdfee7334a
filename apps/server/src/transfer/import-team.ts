import {
  TRANSFER_VERSION,
  type TransferChat,
  type TransferFeedback,
  type TransferLine,
  type TransferTurn,
  transferLineSchema,
} from '@parley/contract';
import type { ImportedTurn, Scope, TransferStore } from '@parley/db';
import { prettifyError } from 'zod';
import { ImportedPaths } from './imported-paths.ts';

/** The number of turns, or of feedback on them, that is written with one command. */
const TURNS_PAGE = 100;

/** The result of an import: the numbers of added objects, and of those that existed and were left unchanged. */
export interface ImportSummary {
  readonly added: Counts;
  readonly alreadyThere: Counts;
  /** Tool headers whose values were not exported. */
  readonly headersWithoutValue: number;
}

interface Counts {
  agents: number;
  chats: number;
  turns: number;
  feedback: number;
  usage: number;
}

/** The error that ended an import, with the number of its line. The lines before it are stored. */
export class ImportError extends Error {
  override readonly name = 'ImportError';
  readonly line: number;
  constructor(line: number, sentence: string) {
    super(`Line ${line}: ${sentence}`);
    this.line = line;
  }
}

/**
 * Stores an export of `exportTeam` in this team. Ids stay the same. It can be repeated, also after it was cut off:
 * existing objects are left unchanged. A chat is stored after all its turns and their feedback, so that nobody sees half of it.
 *
 * @throws ImportError at a line that cannot be stored
 */
export async function importTeam(
  transfer: TransferStore,
  scope: Scope,
  lines: AsyncIterable<string>,
): Promise<ImportSummary> {
  const run = new ImportRun(transfer, scope);
  let number = 0;
  for await (const text of lines) {
    number++;
    await run.take(number, parse(number, text));
  }
  run.finish(number + 1);
  return run.summary;
}

function parse(number: number, text: string): TransferLine {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw new ImportError(number, 'this is no JSON.');
  }
  rejectNewer(number, value);
  const parsed = transferLineSchema.safeParse(value);
  if (parsed.success) return parsed.data;
  throw new ImportError(number, `this is no line of an export.\n${prettifyError(parsed.error)}`);
}

/** Checks the version first, because a newer export may contain unknown fields. */
function rejectNewer(number: number, value: unknown): void {
  if (typeof value !== 'object' || value === null || !('type' in value) || !('version' in value)) return;
  const { type, version } = value;
  if (type !== 'parley-export' || typeof version !== 'number' || version <= TRANSFER_VERSION) return;
  throw new ImportError(
    number,
    `this export has version ${version}; this release reads versions up to ${TRANSFER_VERSION}. ` +
      'Import it with the release that wrote it, or a newer one.',
  );
}

/** The chat whose lines are being read. */
interface ChatInWork {
  readonly chat: TransferChat;
  readonly line: number;
  /** The chat is complete already, so its feedback is left as it is: some of it may have been taken back. */
  readonly isThere: boolean;
  sequence: number;
  hasFeedback: boolean;
  readonly paths: ImportedPaths;
}

/** The state of one import: the current chat, and the counts. */
class ImportRun {
  readonly summary: ImportSummary = { added: noCounts(), alreadyThere: noCounts(), headersWithoutValue: 0 };
  readonly #transfer: TransferStore;
  readonly #scope: Scope;
  readonly #seen = noCounts();
  #hasBegun = false;
  #hasEnded = false;
  #chat: ChatInWork | undefined;
  #turns: ImportedTurn[] = [];
  #feedback: TransferFeedback[] = [];

  constructor(transfer: TransferStore, scope: Scope) {
    this.#transfer = transfer;
    this.#scope = scope;
  }

  async take(number: number, line: TransferLine): Promise<void> {
    if (this.#hasEnded) throw new ImportError(number, 'nothing may follow the end.');
    if (this.#hasBegun === (line.type === 'parley-export')) {
      throw new ImportError(number, 'an export begins with a line of the type `parley-export`, and has one.');
    }
    if (line.type !== 'turn' && line.type !== 'feedback') await this.#finishChat();
    switch (line.type) {
      case 'parley-export':
        this.#hasBegun = true;
        return;
      case 'agent': {
        const headers = line.versions.flatMap(({ tools = [] }) => tools.map((tool) => tool.headers ?? {}));
        const blank = headers.flatMap(Object.values).filter((value) => value === null).length;
        Object.assign(this.summary, { headersWithoutValue: this.summary.headersWithoutValue + blank });
        return this.#count('agents', number, await this.#transfer.addAgent(this.#scope, line));
      }
      case 'chat': {
        const existing = await this.#transfer.checkChatId(this.#scope, line.id);
        if (existing === 'taken') throw new ImportError(number, taken(`chat ${line.id}`));
        const isThere = existing === 'there';
        this.#chat = {
          chat: line,
          line: number,
          isThere,
          sequence: 0,
          hasFeedback: false,
          paths: new ImportedPaths(),
        };
        return;
      }
      case 'turn':
        return this.#takeTurn(number, line);
      case 'feedback':
        return this.#takeFeedback(number, line);
      case 'usage':
        return this.#count('usage', number, await this.#transfer.addUsage(this.#scope, line));
      case 'end':
        this.#hasEnded = true;
        for (const what of ['agents', 'chats', 'turns', 'feedback', 'usage'] as const) {
          const { [what]: expected = 0 } = line;
          if (expected === this.#seen[what]) continue;
          throw new ImportError(
            number,
            `there should be ${expected} ${what} before it, and are ${this.#seen[what]}.`,
          );
        }
    }
  }

  finish(number: number): void {
    if (!this.#hasEnded) throw new ImportError(number, 'the export is cut off here: its end is missing.');
  }

  async #takeTurn(number: number, turn: TransferTurn): Promise<void> {
    const at = this.#chat;
    if (!at || at.hasFeedback)
      throw new ImportError(number, 'a turn follows its chat, or another turn of it.');
    if (turn.sequence <= at.sequence)
      throw new ImportError(number, 'the turns of a chat are in their order.');
    at.sequence = turn.sequence;
    const placed = at.paths.place(turn);
    if (typeof placed === 'string') throw new ImportError(number, placed);
    this.#turns.push({ ...turn, ...placed });
    if (this.#turns.length >= TURNS_PAGE) await this.#storeTurns();
  }

  async #storeTurns(): Promise<void> {
    const at = this.#chat;
    const turns = this.#turns;
    if (!at || turns.length === 0) return;
    this.#turns = [];
    const result = await this.#transfer.addTurns(this.#scope, at.chat.id, turns);
    if (result === 'taken') {
      throw new ImportError(
        at.line,
        `chat ${at.chat.id} has continued differently: it has other turns with these sequence numbers.`,
      );
    }
    this.#seen.turns += turns.length;
    this.summary.added.turns += result.added;
    this.summary.alreadyThere.turns += turns.length - result.added;
  }

  async #takeFeedback(number: number, feedback: TransferFeedback): Promise<void> {
    const at = this.#chat;
    if (!at) throw new ImportError(number, 'feedback follows the turns of its chat.');
    if (!at.hasFeedback) await this.#storeTurns();
    at.hasFeedback = true;
    this.#feedback.push(feedback);
    if (this.#feedback.length >= TURNS_PAGE) await this.#storeFeedback();
  }

  async #storeFeedback(): Promise<void> {
    const at = this.#chat;
    const feedback = this.#feedback;
    if (!at || feedback.length === 0) return;
    this.#feedback = [];
    const added = at.isThere ? 0 : await this.#transfer.addFeedback(this.#scope, at.chat, feedback);
    this.#seen.feedback += feedback.length;
    this.summary.added.feedback += added;
    this.summary.alreadyThere.feedback += feedback.length - added;
  }

  /** The chat is stored last, so an existing chat is complete. */
  async #finishChat(): Promise<void> {
    const at = this.#chat;
    if (!at) return;
    await this.#storeTurns();
    await this.#storeFeedback();
    this.#chat = undefined;
    const result = await this.#transfer.addChat(this.#scope, at.chat, {
      hasFeedback: at.hasFeedback,
      hasVersions: at.paths.hasVersions,
    });
    this.#count('chats', at.line, result);
  }

  #count(what: keyof Counts, number: number, result: 'added' | 'there' | 'taken'): void {
    if (result === 'taken') throw new ImportError(number, taken('this'));
    this.#seen[what]++;
    this.summary[result === 'added' ? 'added' : 'alreadyThere'][what]++;
  }
}

function noCounts(): Counts {
  return { agents: 0, chats: 0, turns: 0, feedback: 0, usage: 0 };
}

function taken(what: string): string {
  return `${what} is another team's here, or was deleted a short time ago.`;
}
