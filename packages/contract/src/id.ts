import { z } from 'zod';

/**
 * Every id is `<prefix><tail>`. The tail is 28 characters of Crockford's base32 in lower case: 11 for the
 * time of minting in microseconds, so that ids sort by age, and 17 random ones (85 bits), so that ids cannot
 * be guessed. Ids only contain `[a-z0-9_]` and need no encoding in a URL.
 */
const PREFIXES = {
  team: 'team_',
  agent: 'agent_',
  chat: 'chat_',
  turn: 'turn_',
  message: 'msg_',
  key: 'key_',
  guest: 'guest_',
  secret: 'sec_',
  audit: 'audit_',
  deletion: 'del_',
  request: 'req_',
  file: 'file_',
} as const;

/** A noun that has ids of its own. */
export type IdNoun = keyof typeof PREFIXES;
/** The id of an object of type `Noun`, such as `chat_…`. */
export type Id<Noun extends IdNoun> = `${(typeof PREFIXES)[Noun]}${string}`;

const ALPHABET = '0123456789abcdefghjkmnpqrstvwxyz';
const TIME_LENGTH = 11;
const RANDOM_LENGTH = 17;
const TAIL = new RegExp(`^[${ALPHABET}]{${TIME_LENGTH + RANDOM_LENGTH}}$`);

let lastMicroseconds = 0;

/** Creates a new id. Ids of one process are strictly increasing, even within one millisecond. */
export function mintId<Noun extends IdNoun>(noun: Noun): Id<Noun> {
  lastMicroseconds = Math.max(Date.now() * 1000, lastMicroseconds + 1);
  return `${PREFIXES[noun]}${timePart(lastMicroseconds)}${randomPart()}`;
}

/**
 * Returns the lower bound of all ids of this noun that are minted at or after `at`. It is not an id itself.
 */
export function firstIdAt<Noun extends IdNoun>(at: Date, noun: Noun): Id<Noun> {
  return `${PREFIXES[noun]}${timePart(at.getTime() * 1_000)}`;
}

/** Returns the time at which an id was minted, cut to milliseconds; undefined for text that is not an id. */
export function mintedAtOf(text: string): Date | undefined {
  const tail = text.slice(text.indexOf('_') + 1);
  if (!TAIL.test(tail)) return undefined;
  let microseconds = 0;
  for (const letter of tail.slice(0, TIME_LENGTH))
    microseconds = microseconds * 32 + ALPHABET.indexOf(letter);
  return new Date(Math.floor(microseconds / 1_000));
}

/**
 * Checks whether `text` has the form of an id of this noun. Nothing with another form exists, so callers can
 * skip the database.
 */
export function isId<Noun extends IdNoun>(noun: Noun, text: string): text is Id<Noun> {
  const prefix = PREFIXES[noun];
  return text.startsWith(prefix) && TAIL.test(text.slice(prefix.length));
}

/**
 * Returns the id of a turn's answer. It has the turn's own tail, so a turn is found by its answer without
 * another index.
 */
export function answerIdOf(turn: Id<'turn'>): Id<'message'> {
  return `${PREFIXES.message}${turn.slice(PREFIXES.turn.length)}`;
}

/** Returns the id of the turn that has this answer, or undefined for text that is not a message id. */
export function turnIdOf(messageId: string): Id<'turn'> | undefined {
  if (!isId('message', messageId)) return undefined;
  return `${PREFIXES.turn}${messageId.slice(PREFIXES.message.length)}`;
}

/** Returns the id of the marker turn that ends a deleted chat. A chat has at most one. */
export function markerIdOf(chat: Id<'chat'>): Id<'turn'> {
  return `${PREFIXES.turn}${chat.slice(PREFIXES.chat.length)}`;
}

/** Creates the schema of an id in a response. */
export function idSchema<Noun extends IdNoun>(noun: Noun) {
  return z
    .custom<Id<Noun>>((value) => typeof value === 'string' && isId(noun, value))
    .meta({
      type: 'string',
      description: `The ${noun}'s id.`,
      examples: [`${PREFIXES[noun]}01jd2m8x5qk3v7w9yb4t6r1znhce`],
    });
}

/**
 * Creates the schema of an id in a request. It takes any string: an id of the wrong form names nothing, so
 * the procedure answers 404 and callers handle one case instead of two.
 */
export function idInputSchema<Noun extends IdNoun>(noun: Noun) {
  return z.string().meta({
    description: `The ${noun}'s id.`,
    examples: [`${PREFIXES[noun]}01jd2m8x5qk3v7w9yb4t6r1znhce`],
  });
}

function timePart(microseconds: number): string {
  let rest = microseconds;
  let text = '';
  for (let index = 0; index < TIME_LENGTH; index++) {
    text = ALPHABET.charAt(rest % 32) + text;
    rest = Math.floor(rest / 32);
  }
  return text;
}

/**
 * Random bytes are drawn in bulk: one call of the system's generator costs the same for 17 bytes as for
 * 2,000.
 */
const randomBytes = new Uint8Array(RANDOM_LENGTH * 128);
let bytesUsed = randomBytes.length;

function randomPart(): string {
  if (bytesUsed === randomBytes.length) {
    crypto.getRandomValues(randomBytes);
    bytesUsed = 0;
  }
  const drawn = randomBytes.subarray(bytesUsed, bytesUsed + RANDOM_LENGTH);
  bytesUsed += RANDOM_LENGTH;
  let text = '';
  for (const byte of drawn) text += ALPHABET.charAt(byte & 31);
  return text;
}
