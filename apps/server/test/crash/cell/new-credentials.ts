import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import type { NewGuest, NewKey, NewSigningSecret, SigningSecret } from '@parley/contract';
import type { Lab } from '../lab/lab.ts';
import type { Random } from '../random.ts';
import { rejectionsOf } from './credential-uses.ts';
import { type Act, type DoneAct, requestUntilDone } from './request-until-done.ts';
import { create } from './scene.ts';
import { newIssuerSettings, signAsIdentityProvider, signWithSecret } from './user-tokens.ts';

/** The credential is created within this time. */
const WITHIN_MS = 800;

/** A kind of credential that is created while faults are injected. */
export type CreatedKind = 'key' | 'guest' | 'signing-secret' | 'token-issuer';

/** How a credential is created, and the headers of a request with it. */
interface Creation {
  readonly act: Act;
  headersOf(answer: unknown): Promise<Readonly<Record<string, string>>>;
}

/** A credential that is created during faults. If the creation is acknowledged, every server accepts it afterwards. */
export class NewCredential {
  readonly #lab: Lab;
  readonly #name: string;
  readonly #kind: CreatedKind;
  readonly #creation: Creation;
  #done: DoneAct | undefined;

  private constructor(lab: Lab, name: string, kind: CreatedKind, creation: Creation) {
    this.#lab = lab;
    this.#name = `${name}/${kind}`;
    this.#kind = kind;
    this.#creation = creation;
  }

  /** Creates the required objects while no fault is injected. */
  static async open(lab: Lab, name: string, kind: CreatedKind): Promise<NewCredential> {
    return new NewCredential(lab, name, kind, await creations[kind](lab));
  }

  /** Creates it, with as many requests as necessary. */
  async create(random: Random): Promise<void> {
    await delay(random.between(0, WITHIN_MS));
    this.#done = await requestUntilDone(this.#lab, this.#creation.act, random);
  }

  /** Uses it at every server, after the faults. Returns the violations of promises. */
  async check(): Promise<string[]> {
    const act = this.#done;
    if (!act) return [`${this.#name}: no server created the credential`];
    await this.#lab.ready();
    const rejections = await rejectionsOf(this.#lab, await this.#creation.headersOf(act.answer));
    if (this.#kind === 'signing-secret') await removeSecrets(this.#lab, act);
    return rejections.map((what) => `${this.#name}: ${what} to an acknowledged credential`);
  }
}

const creations: Readonly<Record<CreatedKind, (lab: Lab) => Promise<Creation>>> = {
  key: async () => ({
    act: { method: 'POST', path: '/key', body: { kind: 'secret', scopes: ['chats:read'] } },
    headersOf: async (answer) => ({ 'x-api-key': (answer as NewKey).key }),
  }),

  async guest(lab) {
    const { key } = await create<NewKey>(lab, '/key', { kind: 'publishable', access: 'guest' });
    return {
      act: { method: 'POST', path: '/guest', body: {}, headers: { 'x-api-key': key } },
      headersOf: async (answer) => ({ 'x-api-key': key, 'x-user-token': (answer as NewGuest).token }),
    };
  },

  async 'signing-secret'(lab) {
    const { key } = await create<NewKey>(lab, '/key', { kind: 'publishable', access: 'verified' });
    return {
      act: { method: 'POST', path: '/signing-secret', body: {} },
      async headersOf(answer) {
        const token = await signWithSecret(answer as NewSigningSecret, `user_${randomUUID()}`);
        return { 'x-api-key': key, 'x-user-token': token };
      },
    };
  },

  async 'token-issuer'(lab) {
    const { key } = await create<NewKey>(lab, '/key', { kind: 'publishable', access: 'verified' });
    const settings = newIssuerSettings(lab);
    return {
      act: { method: 'PUT', path: '/token-issuer', body: settings },
      async headersOf() {
        const token = await signAsIdentityProvider(lab, settings, `user_${randomUUID()}`);
        return { 'x-api-key': key, 'x-user-token': token };
      },
    };
  },
};

/** Removes the secrets that the act created, one for each attempt that took effect: a team may have five. */
async function removeSecrets({ sites, key }: Lab, { from, to }: DoneAct): Promise<void> {
  const [{ slot }] = sites;
  const headers = { 'x-api-key': key };
  const listed = await fetch(`${slot.url}/signing-secret`, { headers });
  const { signingSecrets } = (await listed.json()) as { signingSecrets: SigningSecret[] };
  for (const { id, createdAt } of signingSecrets) {
    const at = Date.parse(createdAt);
    if (at < from || at > to) continue;
    const removed = await fetch(`${slot.url}/signing-secret/${id}`, { method: 'DELETE', headers });
    await removed.arrayBuffer();
  }
}
