import type { ErrorCode, Id, MessageFile, ToolStep } from '@parley/contract';
import { Schema } from 'mongoose';
import type { Reservation } from '../budget/budget-port.ts';
import { TOMBSTONE_SECONDS } from '../chat/chat-model.ts';
import type { Idempotency } from '../idempotency.ts';
import type { MessageRecord } from '../message/message-records.ts';
import {
  date,
  type FieldsOf,
  idempotencySchema,
  number,
  options,
  part,
  string,
  withIdempotency,
} from '../schema-fields.ts';
import type { Account, Spender, UsageRecord } from '../usage/usage-records.ts';
import type { StoredPart } from './stored-parts.ts';
import type { Lease, RetryOf, TurnOrigin } from './turn-records.ts';
import type { TurnStatus } from './turn-status.ts';

/** A turn as it is stored, with its messages; or the deletion marker of a chat, which has the fields of an ended turn. */
export interface TurnDocument {
  _id: Id<'turn'>;
  team: Id<'team'>;
  chat: Id<'chat'>;
  sequence: number;
  /** Stored where it does not follow from the sequence, and for versions of answers. */
  parent?: number;
  /** Stored where it is not every turn up to this one. */
  path?: number[];
  status: TurnStatus;
  lease?: Lease;
  takeovers: number;
  /** Set by the turn that queues behind this one, so that the end of this turn can start it without a query. */
  hasSuccessor?: boolean;
  /** The process that runs or starts the turn ends it instead. */
  isCancelled?: true;
  retryOf?: RetryOf;
  idempotency?: Idempotency;
  /** The run that wrote the text that readers received, and the text itself if the turn has no answer. */
  written?: { attempt: number; text?: string; parts?: StoredPart[] };
  messages: MessageDocument[];
  answerId: Id<'message'>;
  usage: UsageRecord[];
  spender?: Spender;
  /** The end of the turn removes its networks. */
  origin?: TurnOrigin;
  /** Removed when the turn is counted. */
  reservations?: Reservation[];
  /** The tool calls of its run so far. The end of the turn removes them. */
  steps?: ToolStep[];
  /** The `sizeOfSteps` of `steps`. Absent where release 0.1.0 saved them. */
  stepsSize?: number;
  /** Set at the end of the turn. */
  account?: Account;
  /** Set at the end of the turn, and removed in the transaction that adds its usage to the sums. */
  isUncounted?: true;
  errorCode?: ErrorCode;
  /** The code, if `errorCode` holds another one that release 0.1.0 knows. */
  exactErrorCode?: ErrorCode;
  retryAt?: Date;
  /** The newest wait that the model's server asked for, and the run that waits. The end of the turn removes it. */
  wait?: { attempt: number; until: Date };
  agentVersion?: number;
  /** UTF-8 bytes of the chat's text up to and with this turn; set at its end. */
  textBytes?: number;
  /** When its message was removed. */
  removedAt?: Date;
  createdAt: Date;
  endedAt?: Date;
  /** Only on a deletion marker that was inserted before its chat was marked deleted. The purge removes it. */
  pendingSince?: Date;
  /** Only on a deletion marker. Set by the purge of its chat. */
  purgedAt?: Date;
}

/** A message as it is stored. `parts` is absent on a message that has text alone. */
export type MessageDocument = Omit<MessageRecord, 'tape'> & { readonly parts?: StoredPart[] };

const filesSchema = {
  type: [
    new Schema<MessageFile>(
      { id: string, filename: string, mediaType: string, bytes: number } satisfies FieldsOf<MessageFile>,
      part,
    ),
  ],
  default: undefined,
};

const toolCallSchema = new Schema(
  // Not required: Mongoose takes an empty text for missing.
  {
    id: string,
    name: String,
    arguments: String,
    result: String,
    isError: Boolean,
    ms: Number,
    opaque: String,
  },
  part,
);

const toolStepSchema = new Schema(
  {
    ...{ text: String, reasoning: String, calls: [toolCallSchema], opaque: String, source: String },
    sources: { type: [new Schema({ url: String, title: String }, part)], default: undefined },
  },
  part,
);

const partsSchema = {
  type: [
    new Schema<StoredPart>(
      {
        ...{ kind: string, length: Number, text: String, isShown: Boolean },
        ...{ id: String, name: String, arguments: String, result: String },
        ...{ isError: Boolean, ms: Number, title: String, show: String, url: String },
      } satisfies FieldsOf<StoredPart>,
      part,
    ),
  ],
  default: undefined,
};

/** The `turns` collection. MongoDB removes a deletion marker together with the tombstone of its chat. */
export const turnSchema = new Schema<TurnDocument>(
  {
    _id: string,
    team: string,
    chat: string,
    sequence: number,
    parent: Number,
    path: { type: [Number], default: undefined },
    status: string,
    lease: new Schema({ token: string, attempt: number, renewals: number }, part),
    takeovers: number,
    hasSuccessor: Boolean,
    isCancelled: Boolean,
    retryOf: new Schema({ turn: string, userMessageId: string }, part),
    idempotency: idempotencySchema,
    written: new Schema({ attempt: number, text: String, parts: partsSchema }, part),
    messages: [
      new Schema(
        {
          ...{ id: string, role: string, content: { type: String }, parts: partsSchema },
          ...{ files: filesSchema, finishReason: String, createdAt: date },
        },
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
    stepsSize: Number,
    account: new Schema({ agent: string, user: String, day: string }, part),
    isUncounted: Boolean,
    errorCode: String,
    exactErrorCode: String,
    retryAt: Date,
    wait: new Schema({ attempt: number, until: date }, part),
    agentVersion: Number,
    textBytes: Number,
    removedAt: Date,
    createdAt: date,
    endedAt: Date,
    pendingSince: Date,
    purgedAt: Date,
  } satisfies FieldsOf<TurnDocument>,
  { ...options, collection: 'turns' },
);
turnSchema.index({ chat: 1, sequence: 1 }, { unique: true });
turnSchema.index({ chat: 1, 'idempotency.key': 1 }, { unique: true, ...withIdempotency });

turnSchema.index({ chat: 1, parent: 1 }, { partialFilterExpression: { parent: { $exists: true } } });

const isUnfinished = { status: { $in: ['queued', 'generating'] } };
turnSchema.index({ isUncounted: 1, _id: 1 }, { partialFilterExpression: { isUncounted: true } });
turnSchema.index({ team: 1, 'spender.user': 1 }, { partialFilterExpression: isUnfinished });
turnSchema.index({ status: 1, _id: 1 }, { partialFilterExpression: isUnfinished });
turnSchema.index({ 'messages.files.id': 1 }, { sparse: true });
turnSchema.index({ pendingSince: 1 }, { sparse: true });
turnSchema.index({ purgedAt: 1 }, { expireAfterSeconds: TOMBSTONE_SECONDS });
turnSchema.index(
  { 'origin.networks': 1, status: 1 },
  { partialFilterExpression: { ...isUnfinished, 'origin.networks': { $exists: true } } },
);
