import { setTimeout as delay } from 'node:timers/promises';
import { readApiError } from '../clients/api-errors.ts';
import { type Client, request, type ServerAddress } from '../clients/client.ts';
import { sendMessage } from '../clients/send-message.ts';
import { readServerEvents } from '../clients/server-events.ts';
import { checkWithdrawal } from '../judge/check-withdrawal.ts';
import type { ClientRequest, Interval, SentMessage, Use } from '../judge/history.ts';
import type { Lab } from '../lab/lab.ts';
import type { Random } from '../random.ts';
import { type Access, type AccessKind, accesses } from './accesses.ts';
import { untilAccepted } from './credential-uses.ts';
import { GIVE_UP_MS, requestUntilDone } from './request-until-done.ts';
import { create, type Episode } from './scene.ts';
import { clientOf } from './writers.ts';

const PEOPLE = 2;
/** The maximum number of messages of each caller: a caller who has lost access sends no more. */
const MESSAGES = 3;
const PAUSE_MS = 100;
/** The access is withdrawn within this time. */
const WITHIN_MS = 800;
/** Longer than any heartbeat: only the server ends a stream. */
const STREAM_PATIENCE_MS = 20_000;

/**
 * A caller whose access is withdrawn while they send messages, wait for answers and follow a chat: a blocked user,
 * one who is signed out, a key whose issuer is revoked, or a user whose token's signing secret or issuer is removed.
 * Both servers are asked until they know of the withdrawal, and again in the end.
 */
export class AccessWithdrawal {
  readonly #lab: Lab;
  readonly #name: string;
  readonly #access: Access;
  readonly #chat: string;
  readonly #messages: SentMessage[] = [];
  readonly #uses: Use[] = [];
  #withdrawn: Interval | undefined;
  #restored: Interval | undefined;
  #settled: Promise<unknown> = Promise.resolve();

  private constructor(lab: Lab, name: string, access: Access, chat: string) {
    this.#lab = lab;
    this.#name = name;
    this.#access = access;
    this.#chat = chat;
  }

  /** Gives access of this kind, while no fault is injected. */
  static async open(lab: Lab, name: string, kind: AccessKind): Promise<AccessWithdrawal> {
    const access = await accesses[kind](lab);
    const headers = { 'x-api-key': access.key, ...access.headers };
    await untilAccepted(lab, headers);
    const { id } = await create<{ id: string }>(lab, '/chat', { agentId: lab.agentId }, headers);
    return new AccessWithdrawal(lab, `${name}/${kind}`, access, id);
  }

  /** Withdraws the access while it is used. The servers are observed further in the background. */
  async run(random: Random): Promise<void> {
    const isBack = new AbortController();
    const follower = this.#client(random.fork('follower'), STREAM_PATIENCE_MS);
    const following = this.#follow(follower, isBack.signal);
    const writing = Array.from({ length: PEOPLE }, (_, person) => this.#write(person + 1, random));
    await delay(random.between(0, WITHIN_MS));
    const withdrawn = await requestUntilDone(this.#lab, this.#access.withdraw, random.fork('withdraw'));
    this.#withdrawn = withdrawn;
    await Promise.all(writing);
    const { giveBack } = this.#access;
    // A request without a response may still withdraw it, after it was given back.
    const isGivenBack = giveBack !== undefined && withdrawn?.tries === 1 && random.chance(0.5);
    this.#settled = Promise.all([
      following,
      this.#watch(true).then(async () => {
        if (!isGivenBack) return;
        this.#restored = await requestUntilDone(this.#lab, giveBack, random.fork('give back'));
        await this.#watch(false);
        isBack.abort();
      }),
    ]);
  }

  /** The events of the chat. */
  get episode(): Episode {
    const chats = [this.#chat];
    return { messages: this.#messages, chats, ...(this.#access.stopsAnswers && { stopped: chats }) };
  }

  /** Asks both servers once more, and returns the violations of promises. */
  async finish(): Promise<string[]> {
    const { sites, harms, accessEndsWithinMs: withinMs } = this.#lab;
    await this.#settled;
    for (const { slot } of sites) await this.#look(slot);
    const { code } = this.#access;
    const withdrawal = {
      ...{ name: this.#name, code, withdrawn: this.#withdrawn, restored: this.#restored },
      uses: [...this.#uses, ...this.#messages.flatMap(({ requests }) => requests.map((one) => useOf(one)))],
    };
    const servers = sites.map(({ slot }) => slot.name);
    return checkWithdrawal(withdrawal, { servers, withinMs, harms });
  }

  #client(random: Random, patienceMs?: number): Client {
    const { key, headers } = this.#access;
    const client = clientOf(this.#lab, random, random.between(0, this.#lab.sites.length - 1));
    return { ...client, key, ...(headers && { headers }), ...(patienceMs && { patienceMs }) };
  }

  async #write(person: number, random: Random): Promise<void> {
    const { code } = this.#access;
    for (let number = 1; number <= MESSAGES; number++) {
      const content = `${this.#name}/person-${person}/message-${number}`;
      const own = random.fork(content);
      const form = own.chance(0.5) ? 'stream' : 'wait';
      const sent = await sendMessage(this.#client(own), {
        ...{ chat: this.#chat, content, form },
        mayMeet: [code],
      });
      this.#messages.push(sent);
      if (sent.requests.some(({ apiError }) => apiError?.code === code)) return;
    }
  }

  /**
   * Keeps a stream of the chat open until a server ends it with the code. A stream that was opened again after the access
   * was given back has no end of its own: it is closed.
   */
  async #follow(client: Client, isBack: AbortSignal): Promise<void> {
    const { code } = this.#access;
    const over = AbortSignal.any([isBack, AbortSignal.timeout(this.#lab.accessEndsWithinMs + GIVE_UP_MS)]);
    for (let tries = 0; !over.aborted; tries++) {
      const server = client.servers[tries % client.servers.length];
      if (!server) return;
      const outcome = await this.#use(client, server, `/chat/${this.#chat}/events`, lastErrorOf, over);
      if (outcome === code) return;
      await delay(PAUSE_MS);
    }
  }

  /** Asks each server until all of them know whether the access is withdrawn. */
  async #watch(isWithdrawn: boolean): Promise<void> {
    const { sites, accessEndsWithinMs } = this.#lab;
    const giveUpAt = performance.now() + accessEndsWithinMs + GIVE_UP_MS;
    const aware = new Set<string>();
    while (aware.size < sites.length && performance.now() < giveUpAt) {
      for (const { slot } of sites) {
        if (aware.has(slot.name)) continue;
        const outcome = await this.#look(slot);
        if (outcome === (isWithdrawn ? this.#access.code : 'success')) aware.add(slot.name);
      }
      await delay(PAUSE_MS);
    }
  }

  #look(server: ServerAddress): Promise<string> {
    const { key, headers } = this.#access;
    const patienceMs = 2 * this.#lab.bounds.leaseMs;
    const client = { patienceMs, key, ...(headers && { headers }) };
    return this.#use(client, server, `/chat/${this.#chat}`, async (response) => {
      await response.arrayBuffer();
      return 'success';
    });
  }

  async #use(
    client: Pick<Client, 'key' | 'headers' | 'patienceMs'>,
    { name, url }: ServerAddress,
    path: string,
    read: (response: Response, heard: () => void) => Promise<string>,
    signal?: AbortSignal,
  ): Promise<string> {
    const from = Date.now();
    const answered = await request(
      client,
      url + path,
      { method: 'GET', ...(signal && { signal }) },
      (response, heard) =>
        response.ok ? read(response, heard) : readApiError(response).then(({ code }) => code),
    );
    const outcome = answered ?? (signal?.aborted ? 'open' : 'broken');
    this.#uses.push({ server: name, interval: { from, to: Date.now() }, outcome });
    return outcome;
  }
}

function useOf({ server, interval, result, apiError, connection }: ClientRequest): Use {
  const isAnswered = result.kind === 'accepted' || connection !== undefined;
  return { server, interval, outcome: apiError?.code ?? (isAnswered ? 'success' : 'broken') };
}

/** Reads a stream of a chat to its end. Returns the code of the error that ended it. */
async function lastErrorOf(response: Response, heard: () => void): Promise<string> {
  if (!response.body) return 'broken';
  for await (const { data } of readServerEvents(response.body, heard)) {
    const event = JSON.parse(data) as { type: string; code?: string };
    if (event.type === 'error') return event.code ?? '';
  }
  return 'broken';
}
