import { z } from 'zod';

/**
 * Every id is `<noun>_<tail>`. The tail is 28 characters of Crockford's base32 in lower case: 11 for the
 * time of minting in microseconds, so that ids sort as they were made, and 17 random ones (85 bits), so that
 * nobody guesses one. The whole stays in `[a-z0-9_]`: it needs no encoding in a URL.
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
} as const;

export type IdNoun = keyof typeof PREFIXES;
export type Id<Noun extends IdNoun> = `${(typeof PREFIXES)[Noun]}${string}`;

const ALPHABET = '0123456789abcdefghjkmnpqrstvwxyz';
const TIME_LENGTH = 11;
const RANDOM_LENGTH = 17;
const TAIL = new RegExp(`^[${ALPHABET}]{${TIME_LENGTH + RANDOM_LENGTH}}$`);

let lastMicroseconds = 0;

/** Mints an id. Ids minted by one process are strictly increasing, even within one millisecond. */
export function mintId<Noun extends IdNoun>(noun: Noun): Id<Noun> {
  lastMicroseconds = Math.max(Date.now() * 1000, lastMicroseconds + 1);
  return `${PREFIXES[noun]}${timePart(lastMicroseconds)}${randomPart()}`;
}

/** What comes before every id of this noun that was minted at this moment or later, and after all others. */
export function firstIdAt<Noun extends IdNoun>(at: Date, noun: Noun): Id<Noun> {
  return `${PREFIXES[noun]}${timePart(at.getTime() * 1_000)}`;
}

/** Whether `text` has the form of an id of this noun. One that has not cannot exist: no database is asked. */
export function isId<Noun extends IdNoun>(noun: Noun, text: string): text is Id<Noun> {
  const prefix = PREFIXES[noun];
  return text.startsWith(prefix) && TAIL.test(text.slice(prefix.length));
}

/**
 * The id of a turn's answer: it has the turn's own tail, so that a turn is found by the id of its answer
 * without an index of message ids.
 */
export function answerIdOf(turn: Id<'turn'>): Id<'message'> {
  return `${PREFIXES.message}${turn.slice(PREFIXES.turn.length)}`;
}

/** The turn whose answer has this id; undefined for a text that is no message's id. */
export function turnIdOf(messageId: string): Id<'turn'> | undefined {
  if (!isId('message', messageId)) return undefined;
  return `${PREFIXES.turn}${messageId.slice(PREFIXES.message.length)}`;
}

/** The id of the marker that ends a deleted chat: a chat has at most one. */
export function markerIdOf(chat: Id<'chat'>): Id<'turn'> {
  return `${PREFIXES.turn}${chat.slice(PREFIXES.chat.length)}`;
}

/** The schema of an id in an answer. */
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
 * The schema of an id in a request. Any string passes: one that cannot be an id is a thing that is not there,
 * which is the procedure's 404 and not a 400, so that a caller has one case to handle.
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

/** Drawn many at a time: one call of the system's generator costs as much for 17 bytes as for 2,000. */
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
