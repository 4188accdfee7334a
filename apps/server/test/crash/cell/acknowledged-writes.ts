import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import type { ChatWithMessages, File, Message, SearchResults } from '@parley/contract';
import type { Lab } from '../lab/lab.ts';
import type { Random } from '../random.ts';
import { type Act, requestUntilDone } from './request-until-done.ts';
import { create, createChat } from './scene.ts';

/** The writes begin within this time. */
const WITHIN_MS = 800;
const PAUSE_MS = 100;
/** MongoDB ends the transaction of a killed server, which counts turns, after 60 to 90 seconds. */
const SETTLE_MAX_MS = 120_000;

const FEEDBACK = { rating: 'down', comment: 'Not what I asked.' } as const;

/** A chat with one answered message, which contains a word that no other message has. */
interface AnsweredChat {
  readonly id: string;
  readonly word: string;
  readonly answerId: string;
}

/**
 * Writes that are acknowledged during faults, beside messages: feedback, a title and a file, and the deletion of a chat with
 * feedback. Afterwards every server has each of them once, and nothing of the deleted chat is stored or found.
 */
export class AcknowledgedWrites {
  readonly #lab: Lab;
  readonly #name: string;
  readonly #kept: AnsweredChat;
  readonly #deleted: AnsweredChat;
  readonly #offences: string[] = [];
  #file: File | undefined;

  private constructor(lab: Lab, name: string, kept: AnsweredChat, deleted: AnsweredChat) {
    this.#lab = lab;
    this.#name = name;
    this.#kept = kept;
    this.#deleted = deleted;
  }

  /** Creates the chats while no fault is injected. */
  static async open(lab: Lab, name: string): Promise<AcknowledgedWrites> {
    const [kept, deleted] = await Promise.all([
      answeredChat(lab, `${name}/kept`),
      answeredChat(lab, `${name}/deleted`),
    ]);
    await create(lab, feedbackPath(deleted), FEEDBACK, undefined, 'PUT');
    return new AcknowledgedWrites(lab, name, kept, deleted);
  }

  /** Makes all writes at once, each with as many requests as necessary. */
  async run(random: Random): Promise<void> {
    const act = async (name: string, write: Act) => {
      const own = random.fork(name);
      await delay(own.between(0, WITHIN_MS));
      const done = await requestUntilDone(this.#lab, write, own);
      if (!done) this.#offences.push(`${this.#name}: no server acknowledged the ${name}`);
      return done?.answer;
    };
    const path = `/file?filename=${encodeURIComponent(this.#filename)}`;
    const [file] = await Promise.all([
      act('upload', {
        ...{ method: 'POST', path, body: this.#content },
        headers: { 'x-api-key': this.#lab.key, 'idempotency-key': this.#filename },
      }),
      act('feedback', { method: 'PUT', path: feedbackPath(this.#kept), body: FEEDBACK }),
      act('title', { method: 'PATCH', path: `/chat/${this.#kept.id}`, body: { title: this.#title } }),
      act('deletion', { method: 'DELETE', path: `/chat/${this.#deleted.id}` }),
    ]);
    this.#file = file as File | undefined;
  }

  /** Compares the writes with what every server has, after all faults. Returns the violations of promises. */
  async check(): Promise<string[]> {
    const giveUpAt = performance.now() + SETTLE_MAX_MS;
    for (;;) {
      const missing = [...(await this.#missing()), ...(await this.#left())];
      if (missing.length === 0 || performance.now() > giveUpAt)
        return [...this.#offences, ...missing.map((one) => `${this.#name}: ${one}`)];
      await delay(PAUSE_MS);
    }
  }

  get #filename(): string {
    return `${this.#kept.word}.json`;
  }

  get #content() {
    return { of: this.#name };
  }

  get #title(): string {
    return `${this.#name} renamed`;
  }

  async #missing(): Promise<string[]> {
    const file = this.#file;
    const ofServers = this.#lab.sites.map(async ({ slot: { name, url } }) => {
      const chat = await this.#read<ChatWithMessages>(`${url}/chat/${this.#kept.id}`);
      const answer = chat?.messages.find(({ id }) => id === this.#kept.answerId);
      const found = await this.#find(url, this.#kept.word);
      const content = file && (await this.#read<object>(`${url}/file/${file.id}/content`));
      return [
        ...(chat?.title === this.#title ? [] : [`server ${name} has the title ${chat?.title}`]),
        ...(isSame(answer?.feedback, FEEDBACK) ? [] : [`server ${name} has no feedback`]),
        ...(isSame(content, this.#content) ? [] : [`server ${name} does not have the file`]),
        ...(found.includes(this.#kept.id) ? [] : [`server ${name} finds no message with the word`]),
      ];
    });
    // The rest of an upload that broke off has no type, and is removed within a day.
    const whole = { filename: this.#filename, mediaType: { $exists: true } };
    const files = await this.#lab.raw.collection('files').countDocuments(whole);
    return [
      ...(await Promise.all(ofServers)).flat(),
      ...(files === 1 ? [] : [`the file is stored ${files} times`]),
    ];
  }

  /** The rest of the deleted chat that is stored or found. MongoDB removes what was never confirmed. */
  async #left(): Promise<string[]> {
    const { raw, sites } = this.#lab;
    const { id, word } = this.#deleted;
    const isConfirmed = { pendingSince: { $exists: false } };
    const [words, feedback, found] = await Promise.all([
      raw.collection('searchEntries').countDocuments({ chat: id, ...isConfirmed }),
      raw
        .collection<{ _id: string }>('feedback')
        .countDocuments({ _id: { $regex: `^${id}` }, ...isConfirmed }),
      Promise.all(sites.map(({ slot }) => this.#find(slot.url, word))),
    ]);
    return [
      ...(words === 0 ? [] : [`${id} was deleted, and words of ${words} turns are stored`]),
      ...(feedback === 0 ? [] : [`${id} was deleted, and ${feedback} ratings are stored`]),
      ...(found.flat().length === 0 ? [] : [`${id} was deleted, and a search finds it`]),
    ];
  }

  async #find(url: string, word: string): Promise<string[]> {
    const found = await this.#read<SearchResults>(`${url}/search?q=${word}`);
    return found?.results.map(({ chatId }) => chatId) ?? ['an error'];
  }

  async #read<Body>(url: string): Promise<Body | undefined> {
    const response = await fetch(url, { headers: { 'x-api-key': this.#lab.key } });
    if (response.ok) return (await response.json()) as Body;
    await response.arrayBuffer();
    return undefined;
  }
}

async function answeredChat(lab: Lab, name: string): Promise<AnsweredChat> {
  const { id } = await createChat(lab);
  const word = `word${randomUUID().replaceAll('-', '')}`;
  const body = { content: `${name} ${word}`, role: 'user' };
  const answer = await create<Message>(lab, `/chat/${id}/message`, body);
  return { id, word, answerId: answer.id };
}

function feedbackPath({ id, answerId }: AnsweredChat): string {
  return `/chat/${id}/message/${answerId}/feedback`;
}

function isSame(one: unknown, other: object): boolean {
  return JSON.stringify(one) === JSON.stringify(other);
}
