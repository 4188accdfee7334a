import type { KeyBudget, Spender, TurnOrigin } from '@parley/db';

/** What a requester may use; a field that is absent sets no limit. */
export interface Allowance {
  /** Tokens a day of the key and of the keys that issued it, of the chat's user and of the team. */
  readonly tokensPerDay?: {
    readonly keys?: readonly KeyBudget[] | undefined;
    readonly user?: number | undefined;
    /** Of all unverified users of one address together. */
    readonly address?: number | undefined;
    readonly team?: number | undefined;
  };
  /** Unfinished turns at a time, of the team and of the user the caller is bound to. */
  readonly concurrentTurns?: { readonly team?: number | undefined; readonly user?: number | undefined };
}

/** A network, named by a hash. */
interface RequesterNetwork {
  readonly name: string;
  readonly factor: number;
}

/** Who requests a turn, and what they may use. */
export interface TurnRequester {
  readonly spender?: Spender | undefined;
  /** The networks of an unverified user's address: all guests of one have `factor` times the budget of one guest. */
  readonly networks?: readonly RequesterNetwork[] | undefined;
  readonly origin?: TurnOrigin | undefined;
  readonly allowance?: Allowance | undefined;
}
