import {
  type ErrorCode,
  type Id,
  type KeyAccess,
  type KeyScope,
  limits,
  type ToolStep,
} from '@parley/contract';
import { type Connection, Schema } from 'mongoose';
import type { ApiKeyKind } from './api-key.ts';
import type { EncryptionDocument } from './encryption/encryption-state.ts';
import type {
  Account,
  Idempotency,
  Lease,
  MessageRecord,
  Reservation,
  RetryOf,
  Spender,
  TokenIssuer,
  TurnOrigin,
  TurnStatus,
  UsageRecord,
} from './records.ts';

/*
 * The collections. Documents never leave this package: stores turn them into records.
 * Each index serves a query of a store; a test explains every query.
 */

export interface TeamDocument {
  _id: Id<'team'>;
  name: string;
  /** On the team of the first start alone: its unique index lets one of several replicas make it. */
  isFirst?: true;
  /** While what belongs to the first team is being made. */
  isPending?: true;
  tokensPerDay?: number;
  tokensPerDayPerUser?: number;
  concurrentTurns?: number;
  tokenIssuer?: TokenIssuer;
  createdAt: Date;
}

export interface ApiKeyDocument {
  _id: Id<'key'>;
  /** Absent: its own id. */
  lineage?: Id<'key'>;
  /** The key that issued it. Absent on roots, such as every key of release 0.1.0. */
  issuedBy?: Id<'key'>;
  /** The families of all keys above it, the oldest first; with `issuedBy`. */
  issuers?: Id<'key'>[];
  team: Id<'team'>;
  kind: ApiKeyKind;
  /** SHA-256 of the key. */
  hash: string;
  visibleStart: string;
  name?: string;
  /** Of a publishable key; absent: open. */
  access?: KeyAccess;
  origins?: string[];
  /** Of a secret key; absent: all. */
  scopes?: KeyScope[];
  /** Absent: all of the team's. */
  agents?: Id<'agent'>[];
  tokensPerDay?: number;
  createdAt: Date;
  lastUsedAt?: Date;
  expiresAt?: Date;
  /** Since it was rolled: `expiresAt` is then the end of the overlap. */
  replacedAt?: Date;
  /** The end that a rolled key had of its own, and that its successors have. */
  familyExpiresAt?: Date;
  revokedAt?: Date;
  /** Keys that its family had issued until then are revoked. */
  issuedRevokedAt?: Date;
}

/** A person who has shown nothing of themselves but that they are the same as before. */
export interface GuestDocument {
  _id: Id<'guest'>;
  team: Id<'team'>;
  /** Of the key they came with: their token works with no other. */
  lineage: Id<'key'>;
  /** SHA-256 of the token. */
  hash: string;
  createdAt: Date;
  /** To about a day; from then on they are kept for limits.guestSeconds. */
  seenAt: Date;
  /** The user who took their chats over. */
  movedTo?: string;
  /** While some of the chats may not have been moved yet. */
  movingSince?: Date;
}

/** A user who is shut out, or was signed out. Most users have none. */
export interface UserStatusDocument {
  /** A hash of team and user: see `userStatusId`. */
  _id: string;
  team: Id<'team'>;
  /** Absent once the user's data was deleted: the block stays, and names nobody. */
  user?: string;
  blockedAt?: Date;
  /** Tokens issued at this time or before are rejected. */
  signedOutAt?: Date;
  /** When it may go; absent while the user is blocked. */
  forgetAt?: Date;
}

/** What a team's servers sign user tokens with. */
export interface SigningSecretDocument {
  _id: Id<'secret'>;
  team: Id<'team'>;
  /** Sealed, or plain: see `encryption/`. A signature is checked with the secret itself, so a hash would not do. */
  secret: string;
  /** The key that issued it, and the families of that key and of those above it. Absent: no key did. */
  issuedBy?: Id<'key'>;
  issuers?: Id<'key'>[];
  /** One of `limits.signingSecretsMax` places, unique in the team. Secrets of release 0.1.0 have none. */
  slot?: number;
  createdAt: Date;
  expiresAt?: Date;
}

/** A key that all servers of this database share. Not a team's, so that it outlives every team. */
export interface ServerKeyDocument {
  _id: string;
  key: string;
  createdAt: Date;
}

/** A visitor of the chat page whose cookie, of release 0.1.0, was exchanged for a secret one. Kept with their chats. */
export interface VisitorExchangeDocument {
  /** The team and the user: a cookie is exchanged once. */
  _id: string;
  team: Id<'team'>;
  user: string;
  /** SHA-256 of the new cookie's secret. */
  secretHash: string;
  exchangedAt: Date;
}

interface AgentVersion {
  version: number;
  systemPrompt?: string;
  model?: string;
  temperature?: number;
  /** As JSON text, for the reason that metadata is: see `ChatDocument`. The values of headers are sealed in it. */
  tools?: string;
  createdAt: Date;
}

export interface AgentDocument {
  _id: Id<'agent'>;
  team: Id<'team'>;
  name: string;
  type: string;
  description?: string;
  retentionDays?: number;
  /** The version in use; all are kept, because answers name the one that made them. */
  version: number;
  versions: AgentVersion[];
  createdAt: Date;
  /** Absent: never changed. */
  updatedAt?: Date;
  idempotency?: Idempotency;
}

export interface ChatDocument {
  _id: Id<'chat'>;
  /** Absent on a tombstone, so that no list and no look-up meets one. */
  team?: Id<'team'>;
  agent?: Id<'agent'>;
  agentType?: string;
  user?: string;
  /**
   * Metadata as JSON text. As a document it would not come back as sent: `{"$ref": …}` becomes a DBRef,
   * `{"_bsontype": …}` a BSON type, keys with dots and dollars cannot be updated.
   */
  metadata?: string;
  title?: string;
  /** What the title is found by. */
  titleBeginnings?: string[];
  createdAt?: Date;
  /** Stays on a tombstone: a late repeat must not make the chat again. */
  idempotency?: Idempotency;
  /** Deleted, its turns not yet removed. */
  deletedAt?: Date;
  /** Deleted, its turns removed. */
  purgedAt?: Date;
  /** Deleted with a user or a team: not even the tombstone stays. */
  deletion?: Id<'deletion'>;
}

export interface TurnDocument {
  _id: Id<'turn'>;
  team: Id<'team'>;
  chat: Id<'chat'>;
  sequence: number;
  status: TurnStatus;
  lease?: Lease;
  takeovers: number;
  /** Set by the one who queues behind this turn, so that its end wakes them without a query. */
  hasSuccessor?: boolean;
  /** Whoever runs this turn, or would, ends it instead. */
  isCancelled?: true;
  retryOf?: RetryOf;
  idempotency?: Idempotency;
  /** The run that wrote the text readers were shown; the text itself only where no answer holds it. */
  written?: { attempt: number; text?: string };
  messages: MessageDocument[];
  answerId: Id<'message'>;
  usage: UsageRecord[];
  spender?: Spender;
  /** Its networks are there until its end. */
  origin?: TurnOrigin;
  /** Until it is counted. */
  reservations?: Reservation[];
  /** What its run has done with tools so far; until its end. */
  steps?: ToolStep[];
  /** From its end on. */
  account?: Account;
  /** From its end until what it used is added to the sums, in the same transaction. */
  isUncounted?: true;
  errorCode?: ErrorCode;
  /** Where `errorCode` is one that release 0.1.0 knows in place of it. */
  exactErrorCode?: ErrorCode;
  retryAt?: Date;
  agentVersion?: number;
  /** UTF-8 bytes of the chat's text up to and with this turn; set at its end. */
  textBytes?: number;
  createdAt: Date;
  endedAt?: Date;
  /** Only on a deletion marker that came before its chat was marked deleted: until the chat is purged. */
  pendingSince?: Date;
  /** Only on a deletion marker: from the purge of its chat on. */
  purgedAt?: Date;
}

type MessageDocument = MessageRecord;

export interface TurnLogDocument {
  /** Turn, attempt and the offset the text reaches: see `logKey`. One index serves uniqueness and reading. */
  _id: string;
  team: Id<'team'>;
  text: string;
  createdAt: Date;
}

export interface RequestCountDocument {
  /** Subject and minute. */
  _id: string;
  subject: string;
  minute: number;
  count: number;
  createdAt: Date;
}

export interface AuditDocument {
  _id: Id<'audit'>;
  team: Id<'team'>;
  at: Date;
  actorKind: 'key' | 'admin';
  key?: Id<'key'>;
  action: string;
  target?: string;
  request?: string;
  address?: string;
  /** As JSON text, for the reason that metadata is: see `ChatDocument`. */
  details?: string;
  isRefused?: true;
  isDone?: true;
}

export interface DeletionDocument {
  _id: Id<'deletion'>;
  team: Id<'team'>;
  /** Absent: the whole team; or it is finished. */
  user?: string;
  isPending?: true;
  createdAt: Date;
  finishedAt?: Date;
}

/** What was used on one day by one agent, user, key and model of a team. */
export interface UsageDocument {
  /** A hash of all that it is the sum of. */
  _id: string;
  team: Id<'team'>;
  day: string;
  agent: Id<'agent'>;
  user?: string;
  /** The lineage. */
  key?: Id<'key'>;
  model?: string;
  turns: number;
  calls: number;
  inputTokens: number;
  outputTokens: number;
}

/** What a key, a user or a team has spent of its budget on one day, with what is reserved. */
export interface BudgetDocument {
  /** Subject and day. */
  _id: string;
  team: Id<'team'>;
  spent: number;
  createdAt: Date;
}

/** Longer than the day, and than any turn that began on it. */
const BUDGET_SECONDS = 3 * 24 * 60 * 60;

/** Longer than the minute that is counted, whatever the clocks of the processes say. */
const REQUEST_COUNT_SECONDS = 15 * 60;

/** A tombstone stays this long, so that late repeats of old requests find it. */
const TOMBSTONE_SECONDS = 24 * 60 * 60;

const options = {
  versionKey: false,
  strict: 'throw',
  autoIndex: false,
  autoCreate: false,
  id: false,
} as const;
const part = { ...options, _id: false } as const;
const string = { type: String, required: true } as const;
const number = { type: Number, required: true } as const;
const date = { type: Date, required: true } as const;

const teamSchema = new Schema<TeamDocument>(
  {
    _id: string,
    name: string,
    isFirst: Boolean,
    isPending: Boolean,
    tokensPerDay: Number,
    tokensPerDayPerUser: Number,
    concurrentTurns: Number,
    tokenIssuer: new Schema(
      {
        ...{ url: string, issuer: string, audience: string, updatedAt: date },
        ...{ issuedBy: String, issuers: { type: [String], default: undefined } },
      },
      part,
    ),
    createdAt: date,
  },
  { ...options, collection: 'teams' },
);
teamSchema.index({ isFirst: 1 }, { unique: true, sparse: true });

const apiKeySchema = new Schema<ApiKeyDocument>(
  {
    _id: string,
    lineage: String,
    issuedBy: String,
    issuers: { type: [String], default: undefined },
    team: string,
    kind: string,
    hash: string,
    visibleStart: string,
    name: String,
    access: String,
    origins: { type: [String], default: undefined },
    scopes: { type: [String], default: undefined },
    agents: { type: [String], default: undefined },
    tokensPerDay: Number,
    createdAt: date,
    lastUsedAt: Date,
    expiresAt: Date,
    replacedAt: Date,
    familyExpiresAt: Date,
    revokedAt: Date,
    issuedRevokedAt: Date,
  },
  { ...options, collection: 'keys' },
);
apiKeySchema.index({ hash: 1 }, { unique: true });
apiKeySchema.index({ team: 1, _id: -1 });
apiKeySchema.index(
  { team: 1, agents: 1, _id: -1 },
  { partialFilterExpression: { agents: { $exists: true } } },
);
apiKeySchema.index({ lineage: 1 }, { partialFilterExpression: { lineage: { $exists: true } } });
apiKeySchema.index({ issuers: 1 }, { partialFilterExpression: { issuers: { $exists: true } } });

const guestSchema = new Schema<GuestDocument>(
  {
    _id: string,
    team: string,
    lineage: string,
    hash: string,
    createdAt: date,
    seenAt: date,
    movedTo: String,
    movingSince: Date,
  },
  { ...options, collection: 'guests' },
);
guestSchema.index({ hash: 1 }, { unique: true });
guestSchema.index({ team: 1, movedTo: 1 });
guestSchema.index({ movingSince: 1 }, { sparse: true });
guestSchema.index({ seenAt: 1 }, { expireAfterSeconds: limits.guestSeconds });

const signingSecretSchema = new Schema<SigningSecretDocument>(
  {
    ...{ _id: string, team: string, secret: string, slot: Number },
    ...{ issuedBy: String, issuers: { type: [String], default: undefined } },
    ...{ createdAt: date, expiresAt: Date },
  },
  { ...options, collection: 'signingSecrets' },
);
signingSecretSchema.index({ team: 1, _id: -1 });
signingSecretSchema.index(
  { team: 1, slot: 1 },
  { unique: true, partialFilterExpression: { slot: { $exists: true } } },
);
signingSecretSchema.index({ expiresAt: 1 }, { expireAfterSeconds: 0 });

const userStatusSchema = new Schema<UserStatusDocument>(
  { _id: string, team: string, user: String, blockedAt: Date, signedOutAt: Date, forgetAt: Date },
  { ...options, collection: 'userStatuses' },
);
userStatusSchema.index({ team: 1 });
userStatusSchema.index({ blockedAt: 1 }, { sparse: true });
userStatusSchema.index({ forgetAt: 1 }, { expireAfterSeconds: 0 });

const idempotencySchema = new Schema({ key: string, body: string }, part);
const withIdempotency = { partialFilterExpression: { 'idempotency.key': { $exists: true } } };

const serverKeySchema = new Schema<ServerKeyDocument>(
  { _id: string, key: string, createdAt: date },
  { ...options, collection: 'serverKeys' },
);

const visitorExchangeSchema = new Schema<VisitorExchangeDocument>(
  { _id: string, team: string, user: string, secretHash: string, exchangedAt: date },
  { ...options, collection: 'visitorExchanges' },
);
visitorExchangeSchema.index({ secretHash: 1 }, { unique: true });
visitorExchangeSchema.index({ team: 1, user: 1 });

const agentSchema = new Schema<AgentDocument>(
  {
    _id: string,
    team: string,
    name: string,
    type: string,
    description: String,
    retentionDays: Number,
    version: number,
    versions: [
      new Schema(
        {
          ...{ version: number, systemPrompt: String, model: String, temperature: Number },
          ...{ tools: String, createdAt: date },
        },
        part,
      ),
    ],
    createdAt: date,
    updatedAt: Date,
    idempotency: idempotencySchema,
  },
  { ...options, collection: 'agents' },
);
agentSchema.index({ team: 1, _id: 1 });
agentSchema.index(
  { _id: 1, retentionDays: 1 },
  { partialFilterExpression: { retentionDays: { $exists: true } } },
);
agentSchema.index({ 'idempotency.key': 1 }, { unique: true, ...withIdempotency });

const hasTitle = { titleBeginnings: { $exists: true } };

const chatSchema = new Schema<ChatDocument>(
  {
    _id: string,
    team: String,
    agent: String,
    agentType: String,
    user: String,
    metadata: String,
    title: String,
    // No empty list in chats without a title: there are none to find.
    titleBeginnings: { type: [String], default: undefined },
    createdAt: Date,
    idempotency: idempotencySchema,
    deletedAt: Date,
    purgedAt: Date,
    deletion: String,
  },
  { ...options, collection: 'chats' },
);
chatSchema.index({ team: 1, _id: -1 });
chatSchema.index({ team: 1, user: 1, _id: -1 });
chatSchema.index({ team: 1, agentType: 1, _id: -1 });
chatSchema.index({ team: 1, agent: 1, _id: -1 });
chatSchema.index({ team: 1, titleBeginnings: 1, _id: -1 }, { partialFilterExpression: hasTitle });
chatSchema.index({ team: 1, user: 1, titleBeginnings: 1, _id: -1 }, { partialFilterExpression: hasTitle });
chatSchema.index({ 'idempotency.key': 1 }, { unique: true, ...withIdempotency });
chatSchema.index({ deletedAt: 1 }, { sparse: true });
chatSchema.index({ deletion: 1 }, { sparse: true });
chatSchema.index({ purgedAt: 1 }, { expireAfterSeconds: TOMBSTONE_SECONDS });

const toolCallSchema = new Schema(
  // Mongoose takes an empty text for none.
  { id: string, name: String, arguments: String, result: String, opaque: String },
  part,
);
const toolStepSchema = new Schema({ text: String, calls: [toolCallSchema], opaque: String }, part);

const turnSchema = new Schema<TurnDocument>(
  {
    _id: string,
    team: string,
    chat: string,
    sequence: number,
    status: string,
    lease: new Schema({ token: string, attempt: number, renewals: number }, part),
    takeovers: number,
    hasSuccessor: Boolean,
    isCancelled: Boolean,
    retryOf: new Schema({ turn: string, userMessageId: string }, part),
    idempotency: idempotencySchema,
    written: new Schema({ attempt: number, text: String }, part),
    messages: [
      new Schema(
        { id: string, role: string, content: { type: String }, finishReason: String, createdAt: date },
        part,
      ),
    ],
    answerId: string,
    usage: [
      new Schema(
        {
          ...{ attempt: number, model: string, calls: number },
          ...{ inputTokens: Number, outputTokens: Number, isEstimated: Boolean },
        },
        part,
      ),
    ],
    spender: new Schema({ key: string, user: String }, part),
    origin: new Schema({ isPrivileged: Boolean, networks: { type: [String], default: undefined } }, part),
    reservations: {
      type: [new Schema({ subject: string, day: string, tokens: number }, part)],
      default: undefined,
    },
    steps: { type: [toolStepSchema], default: undefined },
    account: new Schema({ agent: string, user: String, day: string }, part),
    isUncounted: Boolean,
    errorCode: String,
    exactErrorCode: String,
    retryAt: Date,
    agentVersion: Number,
    textBytes: Number,
    createdAt: date,
    endedAt: Date,
    pendingSince: Date,
    purgedAt: Date,
  },
  { ...options, collection: 'turns' },
);
turnSchema.index({ chat: 1, sequence: 1 }, { unique: true });
turnSchema.index({ chat: 1, 'idempotency.key': 1 }, { unique: true, ...withIdempotency });
const isUnfinished = { status: { $in: ['queued', 'generating'] } };
turnSchema.index({ isUncounted: 1, _id: 1 }, { partialFilterExpression: { isUncounted: true } });
turnSchema.index({ team: 1, 'spender.user': 1 }, { partialFilterExpression: isUnfinished });
turnSchema.index({ status: 1, _id: 1 }, { partialFilterExpression: isUnfinished });
turnSchema.index({ pendingSince: 1 }, { sparse: true });
turnSchema.index({ purgedAt: 1 }, { expireAfterSeconds: TOMBSTONE_SECONDS });
turnSchema.index(
  { 'origin.networks': 1, status: 1 },
  { partialFilterExpression: { ...isUnfinished, 'origin.networks': { $exists: true } } },
);

const turnLogSchema = new Schema<TurnLogDocument>(
  { _id: string, team: string, text: string, createdAt: date },
  { ...options, collection: 'turnLog' },
);
turnLogSchema.index({ createdAt: 1 }, { expireAfterSeconds: limits.turnLogSeconds });

const requestCountSchema = new Schema<RequestCountDocument>(
  { _id: string, subject: string, minute: number, count: number, createdAt: date },
  { ...options, collection: 'requestCounts' },
);
requestCountSchema.index({ createdAt: 1 }, { expireAfterSeconds: REQUEST_COUNT_SECONDS });

const auditSchema = new Schema<AuditDocument>(
  {
    _id: string,
    team: string,
    at: date,
    actorKind: string,
    key: String,
    action: string,
    target: String,
    request: String,
    address: String,
    details: String,
    isRefused: Boolean,
    isDone: Boolean,
  },
  { ...options, collection: 'auditLog' },
);
auditSchema.index({ team: 1, _id: -1 });
auditSchema.index({ at: 1 }, { expireAfterSeconds: limits.auditSeconds });
const usageSchema = new Schema<UsageDocument>(
  {
    ...{ _id: string, team: string, day: string, agent: string },
    ...{ user: String, key: String, model: String },
    ...{ turns: number, calls: number, inputTokens: number, outputTokens: number },
  },
  { ...options, collection: 'usage' },
);
usageSchema.index({ team: 1, day: 1, _id: 1 });
usageSchema.index({ team: 1, user: 1, day: 1 });
usageSchema.index({ team: 1, user: 1 }, { partialFilterExpression: { user: { $exists: true } } });

const budgetSchema = new Schema<BudgetDocument>(
  { _id: string, team: string, spent: number, createdAt: date },
  { ...options, collection: 'budgets' },
);
budgetSchema.index({ team: 1 });
budgetSchema.index({ createdAt: 1 }, { expireAfterSeconds: BUDGET_SECONDS });

const deletionSchema = new Schema<DeletionDocument>(
  { _id: string, team: string, user: String, isPending: Boolean, createdAt: date, finishedAt: Date },
  { ...options, collection: 'deletions' },
);
deletionSchema.index({ team: 1, user: 1 }, { unique: true, partialFilterExpression: { isPending: true } });
deletionSchema.index({ team: 1, _id: 1 });
deletionSchema.index({ isPending: 1, _id: 1 }, { sparse: true });
deletionSchema.index({ finishedAt: 1 }, { expireAfterSeconds: limits.deletionSeconds });

const encryptionSchema = new Schema<EncryptionDocument>(
  {
    ...{ _id: string, keyId: string, check: string, isOn: Boolean, isPending: Boolean, rotatingFrom: String },
    ...{ retired: [String], createdAt: date },
  },
  { ...options, collection: 'encryption' },
);

/** The models of one connection. */
export function createModels(connection: Connection) {
  return {
    teams: connection.model<TeamDocument>('Team', teamSchema),
    apiKeys: connection.model<ApiKeyDocument>('ApiKey', apiKeySchema),
    requestCounts: connection.model<RequestCountDocument>('RequestCount', requestCountSchema),
    guests: connection.model<GuestDocument>('Guest', guestSchema),
    signingSecrets: connection.model<SigningSecretDocument>('SigningSecret', signingSecretSchema),
    userStatuses: connection.model<UserStatusDocument>('UserStatus', userStatusSchema),
    serverKeys: connection.model<ServerKeyDocument>('ServerKey', serverKeySchema),
    visitorExchanges: connection.model<VisitorExchangeDocument>('VisitorExchange', visitorExchangeSchema),
    agents: connection.model<AgentDocument>('Agent', agentSchema),
    chats: connection.model<ChatDocument>('Chat', chatSchema),
    turns: connection.model<TurnDocument>('Turn', turnSchema),
    turnLog: connection.model<TurnLogDocument>('TurnLog', turnLogSchema),
    audit: connection.model<AuditDocument>('Audit', auditSchema),
    deletions: connection.model<DeletionDocument>('Deletion', deletionSchema),
    usage: connection.model<UsageDocument>('Usage', usageSchema),
    budgets: connection.model<BudgetDocument>('Budget', budgetSchema),
    encryption: connection.model<EncryptionDocument>('Encryption', encryptionSchema),
  };
}

export type Models = ReturnType<typeof createModels>;
