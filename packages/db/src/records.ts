import type {
  ErrorCode,
  FinishReason,
  Id,
  KeyAccess,
  KeyScope,
  Metadata,
  Tool,
  ToolStep,
} from '@parley/contract';
import type { ApiKeyKind } from './api-key.ts';
import type { ChatAccess } from './chat-access.ts';

/**
 * What a caller reaches. Every store function that serves callers takes one, so that a query without a tenant does
 * not compile, and keeps to its user and agents. Turns and messages are reached through a chat: see `ChatAccess`.
 */
export interface Scope {
  readonly team: Id<'team'>;
  /** The one user whose chats are reached; absent: the whole team's. */
  readonly user?: string;
  /** The agents that are reached, and whose chats are; absent: all of the team's. */
  readonly agents?: readonly Id<'agent'>[];
}

/**
 * What the engine's own work reaches: it runs turns that were accepted, for no caller. A caller's scope is none, so
 * that none of its functions serves a caller by mistake.
 */
export interface SystemScope {
  readonly team: Id<'team'>;
  readonly user?: never;
  readonly agents?: never;
}

/** Tokens a day that may be used with the keys of a family. */
export interface KeyBudget {
  readonly key: Id<'key'>;
  readonly tokensPerDay: number;
}

/** A key as callers are recognised by it: its own limits, within those of the keys that issued it. */
export interface ApiKeyRecord {
  readonly id: Id<'key'>;
  /** The first key of those that replaced each other: what is remembered for a key outlives its rolling. */
  readonly lineage: Id<'key'>;
  /** The families of the keys that issued it, the oldest first; empty for a root. */
  readonly issuers: readonly Id<'key'>[];
  readonly team: Id<'team'>;
  readonly kind: ApiKeyKind;
  /** Where browsers may use it from, when it says. */
  readonly origins?: readonly string[];
  /** Of a publishable key. */
  readonly access?: KeyAccess;
  /** What a secret key may do; absent: all. */
  readonly scopes?: readonly KeyScope[];
  /** The agents it reaches; absent: all of the team's. */
  readonly agents?: readonly Id<'agent'>[];
  /** Its budget, if it has one, and then those of the keys that issued it. */
  readonly budgets: readonly KeyBudget[];
  /** The earliest end of the key, of its family, and of those that issued it. */
  readonly expiresAt?: Date;
}

/** What the keys that issued a key leave it. */
export type IssuerLimits = Pick<ApiKeyRecord, 'budgets' | 'expiresAt' | 'origins'>;

/** What people say of a key, and may change. */
export interface ApiKeyFields {
  /** Its budget; null takes it away. */
  readonly tokensPerDay?: number | null;
  readonly name?: string;
  readonly access?: KeyAccess;
  readonly origins?: readonly string[];
  readonly expiresAt?: Date;
}

/** What is said of a key when it is made, and then stays: what it reaches. */
export interface ApiKeyReach {
  readonly scopes?: readonly KeyScope[];
  readonly agents?: readonly Id<'agent'>[];
}

/** The key that issues another one. */
export type KeyIssuer = Pick<ApiKeyRecord, 'id' | 'lineage' | 'issuers'>;

/** A key as its team sees it. */
export interface ApiKeyInfo extends Omit<ApiKeyFields, 'tokensPerDay'>, ApiKeyReach {
  /** The end it was given; `expiresAt` is the overlap's once it was rolled. */
  readonly familyExpiresAt?: Date;
  readonly tokensPerDay?: number;
  readonly id: Id<'key'>;
  /** The first key of its family; its own id unless it replaced another key. */
  readonly lineage: Id<'key'>;
  /** The key that issued it; absent for a root. */
  readonly issuedBy?: Id<'key'>;
  /** The families of the keys that issued it, the oldest first. */
  readonly issuers: readonly Id<'key'>[];
  readonly kind: ApiKeyKind;
  readonly visibleStart: string;
  readonly createdAt: Date;
  readonly lastUsedAt?: Date;
  readonly revokedAt?: Date;
}

/** A key that was just made: its text exists nowhere else. */
export interface IssuedApiKey {
  readonly key: string;
  readonly info: ApiKeyInfo;
}

/** Requests of a key, a user or an address in a minute, counted from the Unix epoch. */
export interface RequestCount {
  readonly subject: string;
  readonly minute: number;
  readonly count: number;
}

/** Another party that signs tokens for a team's users, by its public keys. */
export interface TokenIssuer {
  /** Where its key set is. */
  readonly url: string;
  readonly issuer: string;
  readonly audience: string;
  readonly updatedAt: Date;
  /** The key that set it. Absent when it was set before this was stored. */
  readonly issuedBy?: Id<'key'>;
  /** The family of that key and those of the keys above it, the oldest first; with `issuedBy`. */
  readonly issuers?: readonly Id<'key'>[];
}

/** What a team says of its token issuer. */
export type TokenIssuerSettings = Pick<TokenIssuer, 'url' | 'issuer' | 'audience'>;

/** What a team has set for itself; absent: no budget, and the server's own bound of turns at a time. */
export interface TeamSettings {
  readonly tokensPerDay?: number;
  readonly tokensPerDayPerUser?: number;
  readonly concurrentTurns?: number;
  readonly tokenIssuer?: TokenIssuer;
}

export interface TeamInfo extends TeamSettings {
  readonly id: Id<'team'>;
  readonly name: string;
  readonly createdAt: Date;
}

/** What is given is changed; null takes a setting away. */
export interface TeamChange {
  readonly name?: string;
  readonly tokensPerDay?: number | null;
  readonly tokensPerDayPerUser?: number | null;
  readonly concurrentTurns?: number | null;
}

/** Someone who came with a key and got a token. */
export interface GuestRecord {
  readonly id: Id<'guest'>;
  readonly lineage: Id<'key'>;
  /** When their token was issued. */
  readonly createdAt: Date;
  /** When they were let in last, to about a day. */
  readonly seenAt: Date;
  /** The user who took over their chats: the token is over. */
  readonly movedTo?: string;
}

/** Whether a user may come in; empty for most. */
export interface UserStatus {
  /** Since when the user is shut out. */
  readonly blockedAt?: Date;
  /** Every token issued at this time or before it is rejected. */
  readonly signedOutAt?: Date;
}

/** The credentials of open streams, by their ids. */
export interface CredentialIds {
  readonly keys: readonly Id<'key'>[];
  /** The families of the keys that issued these keys. */
  readonly families: readonly Id<'key'>[];
  readonly secrets: readonly Id<'secret'>[];
  readonly guests: readonly Id<'guest'>[];
  /** The teams whose token issuer signed a user's token. */
  readonly issuersOf: readonly Id<'team'>[];
  readonly users: readonly { readonly team: Id<'team'>; readonly user: string }[];
}

/** What of a key, within the keys that issued it, can change and end a stream that was opened with it. */
export type LiveKey = Pick<ApiKeyRecord, 'kind' | 'access' | 'origins' | 'expiresAt'>;

/** How credentials are in the database now. One that is missing was revoked, or is over. */
export interface CredentialView {
  readonly keys: ReadonlyMap<Id<'key'>, LiveKey>;
  readonly secrets: ReadonlyMap<Id<'secret'>, { readonly expiresAt?: Date }>;
  readonly guests: ReadonlySet<Id<'guest'>>;
  readonly issuers: ReadonlyMap<Id<'team'>, TokenIssuer>;
  statusOf(team: Id<'team'>, user: string): UserStatus;
}

/** A signing secret as its team sees it. */
export interface SigningSecretInfo {
  readonly id: Id<'secret'>;
  /** The key that issued it; absent when an operator, or the server itself, made it. */
  readonly issuedBy?: Id<'key'>;
  readonly visibleStart: string;
  readonly createdAt: Date;
  readonly expiresAt?: Date;
}

/** A signing secret that was just made. */
export interface IssuedSigningSecret {
  readonly secret: string;
  readonly info: SigningSecretInfo;
}

/** What user tokens are checked with. */
export interface SigningSecretRecord {
  readonly id: Id<'secret'>;
  readonly secret: string;
  readonly expiresAt?: Date;
}

/** What shapes an agent's answers. */
export interface AgentSettings {
  readonly systemPrompt?: string;
  readonly model?: string;
  readonly temperature?: number;
  /** With what their headers hold: whoever shows an agent leaves that out. */
  readonly tools?: readonly Tool[];
}

/** What makes an agent. */
export type NewAgentFields = {
  readonly [Setting in keyof AgentSettings]: AgentSettings[Setting] | undefined;
} & {
  readonly name: string;
  readonly type: string;
  readonly description?: string | undefined;
  readonly retentionDays?: number | undefined;
};

export interface AgentRecord extends AgentSettings {
  readonly id: Id<'agent'>;
  readonly name: string;
  readonly type: string;
  readonly description?: string;
  /** Chats in which nothing was said for so long are deleted. */
  readonly retentionDays?: number;
  readonly version: number;
}

/** What lists show of an agent. */
export type AgentSummary = Pick<AgentRecord, 'id' | 'name' | 'type' | 'description'>;

/** An agent whose chats are not kept for ever. */
export interface RetainingAgent {
  readonly id: Id<'agent'>;
  readonly team: Id<'team'>;
  readonly retentionDays: number;
}

/** The settings an agent has, or had. */
export interface AgentVersionRecord extends AgentSettings {
  readonly version: number;
  readonly createdAt: Date;
}

/** An agent as whoever administers it sees it. */
export interface AgentInfo extends AgentRecord {
  readonly createdAt: Date;
  readonly updatedAt: Date;
}

/** A guest whose chats a user took over, while some may not have been moved yet. */
export interface GuestMove {
  readonly id: Id<'guest'>;
  readonly team: Id<'team'>;
  readonly movedTo?: string;
  readonly movingSince?: Date;
}

/** An order to delete all of a user, or of a whole team. */
export interface DeletionRecord {
  readonly id: Id<'deletion'>;
  readonly team: Id<'team'>;
  /** Absent: the whole team; or it is finished, and nobody knows any more. */
  readonly user?: string;
  readonly createdAt: Date;
  readonly finishedAt?: Date;
}

/** Who acted: whoever has a key, or an operator at the command line. */
export type AuditActor = { readonly kind: 'key'; readonly key: Id<'key'> } | { readonly kind: 'admin' };

/** What is noted of an act: ids and names alone, never what was said in it. */
export interface NewAuditEntry {
  readonly actor: AuditActor;
  /** A procedure, or a verb of the admin command. */
  readonly action: string;
  readonly target?: string;
  readonly request?: string;
  /** The client's address, as limits count it. */
  readonly address?: string;
  /** What was asked for, where the action and the target do not say it: limits of a key, and no content. */
  readonly details?: AuditDetails;
}

export type AuditDetails = Readonly<Record<string, unknown>>;

export interface AuditEntryRecord extends NewAuditEntry {
  readonly id: Id<'audit'>;
  readonly at: Date;
  /** `unknown`: it is under way, or was cut off. */
  readonly outcome: 'done' | 'refused' | 'unknown';
}

export interface ChatRecord {
  readonly id: Id<'chat'>;
  readonly team: Id<'team'>;
  readonly agent: Id<'agent'>;
  readonly user?: string;
  readonly metadata?: Metadata;
  readonly title?: string;
  readonly createdAt: Date;
}

/** What makes a repeated request known: hashes of who sent it with which key, and of what it asked. */
export interface Idempotency {
  /** Of the caller, the operation and the `Idempotency-Key`. */
  readonly key: string;
  /** Of the input. */
  readonly body: string;
}

export interface NewChat {
  readonly agent: Id<'agent'>;
  readonly agentType: string;
  readonly user?: string;
  readonly metadata?: Metadata;
}

/** A chat that was made by an earlier request with the same key. */
export interface KeptChat {
  readonly body: string;
  /** Undefined when it was deleted since. */
  readonly chat: ChatRecord | undefined;
}

/** An agent that was made by an earlier request with the same key. */
export interface KeptAgent {
  readonly body: string;
  readonly agent: AgentInfo;
}

export interface ChatFilter {
  readonly user?: string;
  readonly agentType?: string;
  /** Words, or beginnings of words, of the title. */
  readonly search?: string;
}

export interface ChatChange {
  readonly title?: string;
  readonly metadata?: Metadata;
}

export type EndedStatus = 'completed' | 'stopped' | 'failed';
export type TurnStatus = 'queued' | 'generating' | EndedStatus;

export function isEnded(status: TurnStatus): status is EndedStatus {
  return status !== 'queued' && status !== 'generating';
}

export interface MessageRecord {
  readonly id: Id<'message'>;
  readonly role: 'user' | 'assistant';
  readonly content: string;
  /** Only on a completed answer. Absent on answers of release 0.1.0. */
  readonly finishReason?: FinishReason;
  readonly createdAt: Date;
}

/** The right to run a turn. The token is the fence: every write of a runner names it. */
export interface Lease {
  readonly token: string;
  /** Counts the runs of a turn, from 1. */
  readonly attempt: number;
  /** Counts the signs of life of this run. A count that stands still means a dead runner. */
  readonly renewals: number;
}

export interface UsageRecord {
  readonly attempt: number;
  readonly model: string;
  readonly calls: number;
  readonly inputTokens?: number;
  readonly outputTokens?: number;
  /** The model's server did not tell it: the answer was stopped, or the server never does. */
  readonly isEstimated?: boolean;
}

/** Who asked for a turn. */
export interface Spender {
  /** The lineage of their key. */
  readonly key: Id<'key'>;
  /** The user they are bound to. */
  readonly user?: string;
}

/** Where a turn came from, as the order of waiting turns depends on it. */
export interface TurnOrigin {
  /** A secret key or a verified user asked for it: no bound per address holds, and reserved places may be used. */
  readonly isPrivileged: boolean;
  /**
   * Hashes of the networks the caller's address is in, narrowest first: an IPv4 address, or the /64 and the /48 of an
   * IPv6 one. Absent when it is not known, for secret keys, and once the turn has ended.
   */
  readonly networks?: readonly string[];
}

/** Tokens that are taken from a budget before a turn, until it is known how many it used. */
export interface Reservation {
  /** Whose budget: see `subjectOf`. */
  readonly subject: string;
  /** The day in UTC, as `2026-11-25`. */
  readonly day: string;
  readonly tokens: number;
}

/** For whom an ended turn is counted, beside its team and its spender. */
export interface Account {
  readonly agent: Id<'agent'>;
  /** The user of its chat. */
  readonly user?: string;
  /** The day of its end, in UTC. */
  readonly day: string;
}

/** What a turn used that is not there any more: its chat was deleted while it ran. */
export interface GoneTurn {
  readonly turn: Id<'turn'>;
  readonly spender?: Spender;
  readonly reservations?: readonly Reservation[];
  readonly account: Account;
  readonly usage: UsageRecord;
}

/** What usage can be summed up by. */
export type UsageGroup = 'day' | 'agent' | 'user' | 'key' | 'model';

export interface UsageQuery {
  /** The first and the last day. */
  readonly from: string;
  readonly to: string;
  readonly groupBy: UsageGroup;
}

/** What one of a group used; `name` is empty for what has none (turns without a user, say). */
export interface UsageSum {
  readonly name: string;
  readonly turns: number;
  readonly calls: number;
  readonly inputTokens: number;
  readonly outputTokens: number;
}

/** The text of an answer, and the run that wrote it: cursors name the run. */
export interface WrittenText {
  readonly attempt: number;
  readonly text: string;
}

/** The failed turn that a retry answers again, and the message that both answer. */
export interface RetryOf {
  readonly turn: Id<'turn'>;
  readonly userMessageId: Id<'message'>;
}

/** A turn as its runner needs it. */
export interface TurnRecord {
  readonly id: Id<'turn'>;
  readonly team: Id<'team'>;
  readonly chat: Id<'chat'>;
  /** Dense in its chat, from 1. */
  readonly sequence: number;
  readonly status: TurnStatus;
  readonly lease?: Lease;
  /** How often a dead runner's run was taken over. */
  readonly takeovers: number;
  /** A mark: whoever runs the turn, or would, ends it instead. */
  readonly isCancelled: boolean;
  /** Absent in a retry, which answers the message of an earlier turn. */
  readonly userMessage?: MessageRecord;
  readonly retryOf?: RetryOf;
  readonly answerId: Id<'message'>;
  readonly answer?: MessageRecord;
  /** What readers were shown: the answer's text, or what a failed run had written. Absent while unfinished. */
  readonly written?: WrittenText;
  readonly errorCode?: ErrorCode;
  /** Of a failed turn: when the model's server takes requests again, if it said so. */
  readonly retryAt?: Date;
  readonly idempotency?: Idempotency;
  readonly spender?: Spender;
  /** Absent on turns of release 0.1.0. */
  readonly origin?: TurnOrigin;
  /** Until the turn is counted. */
  readonly reservations?: readonly Reservation[];
  /** What its run has done with tools so far, for whoever takes it over. Absent once it has ended. */
  readonly steps?: readonly ToolStep[];
  /** UTF-8 bytes of the chat's text up to and with this turn; absent while unfinished. */
  readonly textBytes?: number;
  readonly createdAt: Date;
}

/** What the sweep needs of a turn: no text, because there may be thousands. */
export type UnfinishedTurn = Pick<
  TurnRecord,
  | 'id'
  | 'team'
  | 'chat'
  | 'sequence'
  | 'status'
  | 'lease'
  | 'takeovers'
  | 'isCancelled'
  | 'spender'
  | 'origin'
>;

/** Whose a chat is, and with which agent. */
export type ChatReach = Pick<ChatRecord, 'id' | 'team' | 'user' | 'agent'>;

/** A queued turn, as the order of waiting turns needs it. */
export type QueuedTurn = Pick<TurnRecord, 'id' | 'team' | 'isCancelled' | 'spender' | 'origin'>;

/** How a turn stands, as a reader looks at it again and again: no text. */
export type TurnStand = Pick<TurnRecord, 'status' | 'isCancelled'> & {
  /** The newest run; 0 before the first. */
  readonly attempt: number;
};

/** A turn to be accepted. With a lease it is claimed in the same write. */
export interface NewTurn {
  readonly id: Id<'turn'>;
  readonly chat: Id<'chat'>;
  readonly sequence: number;
  /** The message to answer, or the failed turn whose message is answered again. */
  readonly question: { readonly userMessage: MessageRecord } | { readonly retryOf: RetryOf };
  readonly answerId: Id<'message'>;
  readonly idempotency?: Idempotency;
  readonly lease?: Lease;
  readonly spender?: Spender;
  readonly origin?: TurnOrigin;
  readonly reservations?: readonly Reservation[];
  readonly createdAt: Date;
}

/** A chat in which nothing was said for long, with the sequence of its newest turn; 0 when it has none. */
export interface IdleChat {
  readonly id: Id<'chat'>;
  readonly sequence: number;
}

/** The newest turn of a chat: what the next one is inserted after. */
export interface ChatTail {
  readonly sequence: number;
  readonly ended: boolean;
  /** UTF-8 bytes of all the chat's text up to and with the newest ended turn. */
  readonly textBytes: number;
  /** Turns that wait for their start or run. */
  readonly unfinished: number;
}

/** A message as the model may be given it. */
export interface HistoryMessage extends Pick<MessageRecord, 'role' | 'content'> {
  /** The model rejected to answer it. */
  readonly isRefused?: boolean;
}

/** What a runner looks at between its insert and its call of the model. */
export interface TurnView {
  /** Undefined when it was deleted. */
  readonly chat: ChatAccess | undefined;
  /** Whether every turn before this one has ended. One that is not there counts as ended. */
  readonly predecessorEnded: boolean;
  /** Bytes of the chat's text before this turn. */
  readonly textBytesBefore: number;
  /** The messages of the turns before this one, oldest first: of the newest turns as many as fill the bytes. */
  readonly history: readonly HistoryMessage[];
}

export interface TurnEnd {
  readonly status: EndedStatus;
  readonly answer?: MessageRecord;
  /** What was shown: the run that wrote the answer, or what a failed run had written. */
  readonly written?: WrittenText;
  readonly errorCode?: ErrorCode;
  /** When the model's server takes requests again, if it said so. */
  readonly retryAt?: Date;
  readonly usage?: UsageRecord;
  /** With one the turn is counted. */
  readonly account?: Account;
  readonly agentVersion?: number;
  /** Bytes of the chat's text up to and with this turn. */
  readonly textBytes: number;
}

/** Where a page of messages goes on: after this message of this turn. */
export interface MessagePosition {
  readonly sequence: number;
  readonly role: 'user' | 'assistant';
}

export interface PageOf<Item, Position> {
  readonly items: Item[];
  readonly next?: Position;
}

/** A message as lists show it, with how its turn stands. */
export interface ListedMessage extends MessageRecord {
  readonly status: TurnStatus;
  readonly errorCode?: ErrorCode;
  /** The id of the answer, as the newest turn of the message has it. */
  readonly answerId: Id<'message'>;
  /** Whether the list shows an answer to it. */
  readonly isAnswered: boolean;
}

/** A piece of a running answer: the text from `to - text.length` to `to`, in UTF-16 units. */
export interface LogBatch {
  readonly turn: Id<'turn'>;
  readonly team: Id<'team'>;
  readonly attempt: number;
  readonly to: number;
  readonly text: string;
}
