import { z } from 'zod';
import type { JsonObject } from './json.ts';
import { limits } from './limits.ts';
import { textSchema } from './text.ts';
import { toolParametersSchema } from './tool-parameters.ts';

/** How much of a tool's calls is shown: nothing, that it was called and how it went, or its input and output as well. */
export type ToolShow = (typeof toolShows)[number];

/** The values of `ToolShow`, the strictest first. */
export const toolShows = ['nothing', 'activity', 'everything'] as const;

/** A function that the model can call while it answers. A call is a POST request to `url`. */
export interface Tool {
  readonly name: string;
  readonly description: string;
  readonly parameters: JsonObject;
  readonly url: string;
  /** Names are in lower case. The values are secrets: no response and no log contains them. */
  readonly headers?: Readonly<Record<string, string>>;
  readonly timeoutMs?: number;
  /** How callers see its calls. Absent means its name. */
  readonly title?: string;
  /** Absent means `activity`. */
  readonly show?: ToolShow;
}

const encoder = new TextEncoder();

const nameSchema = z
  .string()
  .regex(/^[a-zA-Z0-9_-]{1,64}$/, 'must have 1 to 64 letters, digits, _ or -')
  .meta({ description: 'The name that the model uses; unique among the tools of an agent.' });

const toolDescriptionSchema = textSchema({ min: 1, max: limits.descriptionLengthMax }).meta({
  description: 'Tells the model what the tool does and when to call it.',
  examples: ['Tells the weather of a city.'],
});

const urlSchema = z
  .string()
  .max(limits.toolUrlLengthMax, `must have at most ${limits.toolUrlLengthMax} characters`)
  .refine(isToolUrl, 'must be an https address without a user, a password or a fragment')
  .meta({ description: 'The address of the tool: https.', examples: ['https://example.com/weather'] });

const methodSchema = z.literal('POST').meta({ description: 'Always `POST`.' });

const timeoutSchema = z
  .int({ error: 'must be a whole number of milliseconds' })
  .min(limits.toolTimeoutMinMs, `must be from ${limits.toolTimeoutMinMs} to ${limits.toolTimeoutMaxMs}`)
  .max(limits.toolTimeoutMaxMs, `must be from ${limits.toolTimeoutMinMs} to ${limits.toolTimeoutMaxMs}`)
  .meta({ description: `The maximum time of a call in milliseconds. Default: ${limits.toolTimeoutMs}.` });

/** Headers that the server sets itself, and headers that change how a request is parsed. */
const OWN_HEADERS: ReadonlySet<string> = new Set([
  ...['accept-encoding', 'connection', 'content-encoding', 'content-length', 'content-type', 'expect'],
  ...['host', 'idempotency-key', 'keep-alive', 'te', 'trailer', 'transfer-encoding', 'upgrade', 'user-agent'],
]);

/** The headers of a tool in a request. `null` keeps the stored value. */
export type ToolHeadersInput = Readonly<Record<string, string | null>>;

const headersSchema = z
  .custom<ToolHeadersInput>((value) => problemOfHeaders(value) === undefined, {
    error: ({ input }) => problemOfHeaders(input) ?? 'must be an object of strings',
  })
  .meta({
    type: 'object',
    additionalProperties: { type: ['string', 'null'] },
    description:
      'Headers of each call, such as an API key of the tool. Responses never contain the values: they have `null` instead. ' +
      'A header that is sent back as `null` keeps its value as long as the name and the URL of the tool do not change.',
    examples: [{ authorization: 'Bearer …' }],
  });

const titleSchema = textSchema({ min: 1, max: limits.nameLengthMax }).meta({
  description: 'How callers see the calls of the tool. Default: its name.',
  examples: ['Looks up the weather'],
});

const showSchema = z.enum(toolShows).meta({
  description:
    'How much callers see of the calls of the tool. `nothing`. `activity` (default): the title, the state and the duration. ' +
    '`everything`: the input and the output as well. The stricter of the setting at the time of an answer and the present one ' +
    'applies.',
});

/** A tool in a request. */
export const toolInputSchema = z.strictObject({
  name: nameSchema,
  description: toolDescriptionSchema,
  parameters: toolParametersSchema,
  url: urlSchema,
  method: methodSchema.optional(),
  headers: headersSchema.optional(),
  timeoutMs: timeoutSchema.optional(),
  title: titleSchema.optional(),
  show: showSchema.optional(),
});

/** The tools of an agent in a request. Their names must be unique, and their total size is limited. */
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
      const message = 'must differ from the names of the tools before it';
      if (names.has(name)) context.addIssue({ code: 'custom', path: [index, 'name'], message });
      names.add(name);
    }
  })
  .meta({ description: 'The tools that the model can call while it answers. See docs/agents-and-tools.md.' });

/** A tool in a response. */
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
      .meta({ description: 'The names of the headers. Their values are never shown.' }),
    timeoutMs: z.int().optional(),
    title: z.string().optional(),
    show: showSchema.optional(),
  })
  .meta({ id: 'Tool', description: 'A function that the model can call while it answers.' });

/** A tool in a request. */
export type ToolInput = z.infer<typeof toolInputSchema>;
/** A tool in a response, without the values of its headers. */
export type ShownTool = z.infer<typeof toolSchema>;

function isToolUrl(text: string): boolean {
  const url = URL.parse(text);
  if (!url || !/^https?:$/.test(url.protocol)) return false;
  return url.username === '' && url.password === '' && !text.includes('#');
}

function problemOfHeaders(value: unknown): string | undefined {
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    return 'must be an object of strings';
  const entries = Object.entries(value);
  if (entries.length > limits.toolHeadersMax) return `must have at most ${limits.toolHeadersMax} headers`;
  const names = new Set(entries.map(([name]) => name.toLowerCase()));
  if (names.size < entries.length) return 'must not name a header twice';
  for (const [name, text] of entries) {
    if (!/^[A-Za-z0-9][A-Za-z0-9-]{0,63}$/.test(name)) return 'must have names of letters, digits and -';
    const isOwn = OWN_HEADERS.has(name.toLowerCase()) || /^proxy-/i.test(name);
    if (isOwn) return `must not have \`${name}\`: it is set for each call`;
    if (text === null) continue;
    if (typeof text !== 'string') return 'must have strings as values';
    const isSendable = /^[\x21-\x7e](?:[\x20-\x7e]*[\x21-\x7e])?$/.test(text);
    if (!isSendable || text.length > limits.toolHeaderLengthMax) {
      return `must have values of 1 to ${limits.toolHeaderLengthMax} printable ASCII characters`;
    }
  }
  return undefined;
}
