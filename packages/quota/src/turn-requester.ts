import type { KeyBudget, Spender, TurnOrigin } from '@parley/db';

/** The limits of a requester; an absent field sets no limit. */
export interface Allowance {
  /** Tokens a day of the key and of the keys that issued it, of the chat's user and of the team. */
  readonly tokensPerDay?: {
    readonly keys?: readonly KeyBudget[] | undefined;
    readonly user?: number | undefined;
    /** The sum for all unverified users of one address, whether they send from it or became users there. */
    readonly address?: number | undefined;
    readonly team?: number | undefined;
  };
  /** Unfinished turns at a time, of the team and of the user the caller is bound to. */
  readonly concurrentTurns?: { readonly team?: number | undefined; readonly user?: number | undefined };
}

/** A network, identified by a hash. All its guests together have `factor` times the budget of one guest. */
interface RequesterNetwork {
  readonly name: string;
  readonly factor: number;
  /** Whether the message comes from this network, or the network created the guest who sends it. */
  readonly role: 'sender' | 'creator';
}

/** The caller who requests a turn, and their limits. */
export interface TurnRequester {
  readonly spender?: Spender | undefined;
  /** The networks whose budgets an unverified user spends. */
  readonly networks?: readonly RequesterNetwork[] | undefined;
  readonly origin?: TurnOrigin | undefined;
  readonly allowance?: Allowance | undefined;
}
