import { z } from 'zod';
import type { JsonObject } from './json.ts';
import { limits } from './limits.ts';
import { textSchema } from './text.ts';
import { toolParametersSchema } from './tool-parameters.ts';

/** Something that the model may call while it answers: an address that gets a POST. */
export interface Tool {
  readonly name: string;
  readonly description: string;
  readonly parameters: JsonObject;
  readonly url: string;
  /** Lower-case names. What they hold opens doors: no answer and no log shows it. */
  readonly headers?: Readonly<Record<string, string>>;
  readonly timeoutMs?: number;
}

const encoder = new TextEncoder();

const nameSchema = z
  .string()
  .regex(/^[a-zA-Z0-9_-]{1,64}$/, 'must have 1 to 64 letters, digits, _ or -')
  .meta({ description: 'What the model calls it by; no two tools of an agent have the same.' });

const toolDescriptionSchema = textSchema({ min: 1, max: limits.descriptionLengthMax }).meta({
  description: 'What it does and when to call it, for the model.',
  examples: ['Tells the weather of a city.'],
});

const urlSchema = z
  .string()
  .max(limits.toolUrlLengthMax, `must have at most ${limits.toolUrlLengthMax} characters`)
  .refine(isToolUrl, 'must be an https address without a user, a password or a fragment')
  .meta({ description: 'Where it is called: https.', examples: ['https://example.com/weather'] });

const methodSchema = z.literal('POST').meta({ description: 'How it is called: always `POST`.' });

const timeoutSchema = z
  .int({ error: 'must be a whole number of milliseconds' })
  .min(limits.toolTimeoutMinMs, `must be from ${limits.toolTimeoutMinMs} to ${limits.toolTimeoutMaxMs}`)
  .max(limits.toolTimeoutMaxMs, `must be from ${limits.toolTimeoutMinMs} to ${limits.toolTimeoutMaxMs}`)
  .meta({ description: `How long a call may take; ${limits.toolTimeoutMs}, unless said otherwise.` });

/** What we set ourselves, and what would change how a request is read. */
const OWN_HEADERS: ReadonlySet<string> = new Set([
  ...['accept-encoding', 'connection', 'content-encoding', 'content-length', 'content-type', 'expect'],
  ...['host', 'idempotency-key', 'keep-alive', 'te', 'trailer', 'transfer-encoding', 'upgrade', 'user-agent'],
]);

/** `null` keeps the value that is stored. */
export type ToolHeadersInput = Readonly<Record<string, string | null>>;

const headersSchema = z
  .custom<ToolHeadersInput>((value) => problemOfHeaders(value) === undefined, {
    error: ({ input }) => problemOfHeaders(input) ?? 'must be an object of texts',
  })
  .meta({
    type: 'object',
    additionalProperties: { type: ['string', 'null'] },
    description:
      'Sent with each call, such as a key of the tool. Values are never shown: an answer has `null` in the place of ' +
      'each. Sent back as `null`, a value stays as it is, as long as the tool keeps its name and its whole URL.',
    examples: [{ authorization: 'Bearer …' }],
  });

export const toolInputSchema = z.strictObject({
  name: nameSchema,
  description: toolDescriptionSchema,
  parameters: toolParametersSchema,
  url: urlSchema,
  method: methodSchema.optional(),
  headers: headersSchema.optional(),
  timeoutMs: timeoutSchema.optional(),
});

export const toolsInputSchema = z
  .array(toolInputSchema)
  .max(limits.toolsMax, `must have at most ${limits.toolsMax} tools`)
  .superRefine((tools, context) => {
    const bytes = encoder.encode(JSON.stringify(tools)).length;
    if (bytes > limits.toolsBytesMax) {
      const message = `must be at most ${limits.toolsBytesMax} bytes as JSON, all together`;
      context.addIssue({ code: 'custom', message });
    }
    const names = new Set<string>();
    for (const [index, { name }] of tools.entries()) {
      const message = 'must be another name than those of the tools before it';
      if (names.has(name)) context.addIssue({ code: 'custom', path: [index, 'name'], message });
      names.add(name);
    }
  })
  .meta({ description: 'What the model may call while it answers. See docs/agents-and-tools.md.' });

/** A tool as it is shown. */
export const toolSchema = z
  .object({
    name: nameSchema,
    description: z.string(),
    parameters: z
      .custom<JsonObject>()
      .meta({ type: 'object', additionalProperties: true, description: 'As it was sent.' }),
    url: z.string(),
    method: methodSchema,
    headers: z
      .record(z.string(), z.null())
      .optional()
      .meta({ description: 'The names of the headers that are sent; their values are never shown.' }),
    timeoutMs: z.int().optional(),
  })
  .meta({ id: 'Tool', description: 'Something that the model may call while it answers.' });

export type ToolInput = z.infer<typeof toolInputSchema>;
export type ShownTool = z.infer<typeof toolSchema>;

function isToolUrl(text: string): boolean {
  const url = URL.parse(text);
  if (!url || !/^https?:$/.test(url.protocol)) return false;
  return url.username === '' && url.password === '' && !text.includes('#');
}

function problemOfHeaders(value: unknown): string | undefined {
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    return 'must be an object of texts';
  const entries = Object.entries(value);
  if (entries.length > limits.toolHeadersMax) return `must have at most ${limits.toolHeadersMax} headers`;
  const names = new Set(entries.map(([name]) => name.toLowerCase()));
  if (names.size < entries.length) return 'must not name a header twice';
  for (const [name, text] of entries) {
    if (!/^[A-Za-z0-9][A-Za-z0-9-]{0,63}$/.test(name)) return 'must have names of letters, digits and -';
    const isOwn = OWN_HEADERS.has(name.toLowerCase()) || /^proxy-/i.test(name);
    if (isOwn) return `must not have \`${name}\`: it is set for each call`;
    if (text === null) continue;
    if (typeof text !== 'string') return 'must have texts as values';
    const isSendable = /^[\x21-\x7e](?:[\x20-\x7e]*[\x21-\x7e])?$/.test(text);
    if (!isSendable || text.length > limits.toolHeaderLengthMax) {
      return `must have values of 1 to ${limits.toolHeaderLengthMax} printable ASCII characters`;
    }
  }
  return undefined;
}
