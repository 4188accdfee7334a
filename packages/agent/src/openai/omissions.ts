import { LRUCache } from 'lru-cache';
import type { ModelRequest } from '../model/model.ts';
import type { ProviderError } from './provider-error.ts';

/** A part of a request that some servers reject. The request is repeated without it, or with another form of it. */
export type Omission = 'temperature' | 'system' | 'tool_choice' | 'opaque' | 'stream_options' | 'include';

/** How long a server's rejection is remembered. */
const REMEMBERED_MS = 60 * 60 * 1000;
/** The number of models that are remembered, because agents may name any model. */
const MODELS_MAX = 1_000;

/** Patterns of the error messages that reject a part. */
const signs: readonly (readonly [Omission, RegExp])[] = [
  ['stream_options', /stream_options|include_usage/],
  ['temperature', /temperature/],
  [
    'system',
    /system[^.]{0,24}\b(?:role|message|prompt|instruction)|role[^.]{0,24}\bsystem\b|developer instruction|only user and assistant roles/,
  ],
  ['tool_choice', /tool_choice/],
  ['include', /^include\b|['"`]include\b|reasoning\.encrypted_content|encrypted content is not supported/],
  ['opaque', /reasoning|extra_content|encrypted[ _]content/],
];

/** The parts that one server rejects, by model: learned from its rejections, and forgotten after an hour. */
export class Omissions {
  readonly #omissible: readonly Omission[];
  readonly #learned = new LRUCache<string, Map<Omission, number>>({ max: MODELS_MAX });
  #hasTakenStreamOptions = false;

  /** `omissible` lists the parts that requests of an API contain. */
  constructor(omissible: readonly Omission[]) {
    this.#omissible = omissible;
  }

  /** The parts that a request leaves out: the learned ones, and the part that the preceding failure names. */
  of({ model, adaptation = [] }: ModelRequest): ReadonlySet<Omission> {
    const learned = this.#learned.get(model);
    if (!learned && adaptation.length === 0) return NONE;
    const now = performance.now();
    const known = [...(learned ?? [])].filter(([, endsAt]) => now < endsAt).map(([omission]) => omission);
    return new Set([...known, ...(adaptation as readonly Omission[])]);
  }

  /** Notes that the server accepted a request: parts that were left out for the first time are remembered. */
  learn({ model, adaptation = [] }: ModelRequest, omitted: ReadonlySet<Omission>): void {
    if (!omitted.has('stream_options')) this.#hasTakenStreamOptions = true;
    if (adaptation.length === 0) return;
    const learned = this.#learned.get(model) ?? new Map<Omission, number>();
    const endsAt = performance.now() + REMEMBERED_MS;
    for (const omission of adaptation as readonly Omission[]) learned.set(omission, endsAt);
    this.#learned.set(model, learned);
  }

  /**
   * The part to leave out of the repeated request after this rejection. Any rejection may mean `stream_options` until
   * the server has accepted it once.
   */
  after(
    { status, param, message = '' }: ProviderError,
    request: ModelRequest,
    omitted: ReadonlySet<Omission>,
  ): Omission | undefined {
    if (status !== 400 && status !== 422) return undefined;
    const said = `${param ?? ''} ${message}`.toLowerCase();
    const isNew = (omission: Omission) =>
      this.#omissible.includes(omission) && !omitted.has(omission) && isSent(omission, request);
    const named = signs.find(([omission, sign]) => isNew(omission) && sign.test(said));
    if (named) return named[0];
    return !this.#hasTakenStreamOptions && isNew('stream_options') ? 'stream_options' : undefined;
  }
}

const NONE: ReadonlySet<Omission> = new Set();

function isSent(omission: Omission, { messages, temperature, tools, mustAnswer }: ModelRequest): boolean {
  switch (omission) {
    case 'temperature':
      return temperature !== undefined;
    case 'system':
      return messages.some(({ role }) => role === 'system');
    case 'tool_choice':
      return mustAnswer && tools.length > 0;
    case 'opaque':
      return messages.some((message) => 'calls' in message && hasOpaque(message));
    case 'stream_options':
    case 'include':
      return true;
  }
}

function hasOpaque({
  opaque,
  calls,
}: Extract<ModelRequest['messages'][number], { calls: unknown }>): boolean {
  return [opaque, ...calls.map((call) => call.opaque)].some((fields) => Object.keys(fields).length > 0);
}
