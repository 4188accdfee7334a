import { z } from 'zod';
import { agentTypeSchema } from './chat.ts';
import { fileKinds } from './file.ts';
import { idInputSchema, idSchema } from './id.ts';
import { limits } from './limits.ts';
import { textSchema } from './text.ts';
import { timestampSchema } from './time.ts';
import { toolSchema, toolsInputSchema } from './tool.ts';

/** The public view of an agent. It has no prompt, model or tools, so it is safe to send to a browser. */
export const agentSchema = z
  .object({
    id: idSchema('agent'),
    name: z.string(),
    description: z.string().optional(),
    type: agentTypeSchema,
    accepts: acceptsSchema(),
  })
  .meta({ id: 'Agent', description: 'An agent, as every key can read it.' });

/** Input of `agent.list`: it takes no fields. */
export const listAgentsInputSchema = z.strictObject({});

/** Output of `agent.list`. */
export const agentListSchema = z
  .object({ agents: z.array(agentSchema) })
  .meta({ id: 'AgentList', description: "The team's agents." });

/** The provider that `OPENAI_BASE_URL` and `OPENAI_API_KEY` configure, or that was found without them. */
export const DEFAULT_PROVIDER = 'default';

/** The names that providers may have. */
export const PROVIDER_NAME = /^[a-z0-9][a-z0-9-]{0,31}$/;

const modelChoiceSchema = z.strictObject({
  provider: z
    .string()
    .regex(PROVIDER_NAME, 'must be a name of lower-case letters, digits and hyphens')
    .meta({
      description: `The name of a provider that the server's operator has configured, or \`${DEFAULT_PROVIDER}\`.`,
      examples: [DEFAULT_PROVIDER],
    }),
  model: textSchema({ min: 1, max: limits.nameLengthMax }).meta({
    description: "The model's name at this provider.",
    examples: ['gpt-5-mini'],
  }),
});

/** A model of a provider of the operator's configuration. */
export type ModelChoice = z.infer<typeof modelChoiceSchema>;

/** Reads `provider/model`; undefined if the text has another form. The model's name may contain slashes. */
export function parseModelChoice(text: string): ModelChoice | undefined {
  const [, provider, model] = /^([^/]+)\/(.+)$/.exec(text) ?? [];
  return provider === undefined || model === undefined ? undefined : { provider, model };
}

/** Writes a choice as `provider/model`. */
export function nameOfModelChoice({ provider, model }: ModelChoice): string {
  return `${provider}/${model}`;
}

/** The versioned settings of an agent. The server's default applies to a field that is absent. */
const settingsFields = {
  systemPrompt: textSchema({ min: 1, max: limits.systemPromptLengthMax }).optional().meta({
    description:
      'Instructions that the model receives before the conversation. Only secret keys can read them.',
  }),
  model: textSchema({ min: 1, max: limits.nameLengthMax })
    .optional()
    .meta({
      description: "The name of the model. Default: the server's own model.",
      examples: ['gpt-5-mini'],
    }),
  models: z
    .array(modelChoiceSchema)
    .min(1, 'must name at least one model')
    .max(limits.agentModelsMax, `must name at most ${limits.agentModelsMax} models`)
    .refine(
      (models) => new Set(models.map(nameOfModelChoice)).size === models.length,
      'must name each model once',
    )
    .optional()
    .meta({
      description:
        'In place of `model`: the models that may answer, in order. The next one answers where one is rate limited, ' +
        "fails, is too slow or does not take the provider's key.",
    }),
  temperature: z
    .number()
    .min(0, 'must be at least 0')
    .max(2, 'must be at most 2')
    .optional()
    .meta({ description: "The sampling temperature. Default: the model's own." }),
  reasoning: reasoningSchema().optional(),
  accepts: acceptsSchema().optional(),
  tools: toolsInputSchema.optional(),
};

/** The fields of an agent that a caller sets. */
export const newAgentSchema = z.strictObject({
  name: textSchema({ min: 1, max: limits.nameLengthMax }).meta({
    description: 'The display name.',
    examples: ['Ada'],
  }),
  type: agentTypeSchema,
  description: textSchema({ min: 1, max: limits.descriptionLengthMax })
    .optional()
    .meta({ description: 'The purpose of the agent. Every key can read it.' }),
  retentionDays: z
    .int({ error: 'must be a whole number of days' })
    .min(1, 'must be at least 1')
    .max(limits.retentionDaysMax, `must be at most ${limits.retentionDaysMax}`)
    .optional()
    .meta({
      description:
        'Deletes a chat of this agent, with all its messages, after this many days without a message. ' +
        'Without this field chats are kept.',
    }),
  ...settingsFields,
});

/** Input of the operations that take nothing but an agent's id. */
export const oneAgentInputSchema = z.strictObject({ agentId: idInputSchema('agent') });

/** Input of `agent.update`. It replaces the whole agent: an optional field that is left out is removed. */
export const updateAgentInputSchema = newAgentSchema.extend({
  agentId: idInputSchema('agent'),
  expectedVersion: versionSchema()
    .optional()
    .meta({ description: 'Rejects the change with 409 `agent_changed` if the agent is at another version.' }),
});

/** Input of `agent.rollback`. */
export const rollbackAgentInputSchema = oneAgentInputSchema.extend({
  version: versionSchema().meta({ description: 'The version whose settings become the current ones.' }),
});

const versionFields = {
  version: z.int().meta({ description: 'Starts at 1 and increases with each change of the settings.' }),
  systemPrompt: z.string().optional(),
  model: z.string().optional(),
  models: z.array(z.object({ provider: z.string(), model: z.string() })).optional(),
  temperature: z.number().optional(),
  reasoning: reasoningSchema().optional(),
  accepts: acceptsSchema().optional(),
  tools: z.array(toolSchema).meta({ description: 'The tools that the model can call while it answers.' }),
  createdAt: timestampSchema,
};

/** An agent with its settings, for secret keys. */
export const fullAgentSchema = z
  .object({
    id: idSchema('agent'),
    name: z.string(),
    type: agentTypeSchema,
    description: z.string().optional(),
    retentionDays: z.int().optional(),
    ...versionFields,
    updatedAt: timestampSchema,
  })
  .meta({ id: 'FullAgent', description: 'An agent with its settings, for secret keys.' });

/** Output of `agent.listVersions`, newest first. */
export const agentVersionListSchema = z
  .object({
    versions: z.array(z.object(versionFields)).meta({ description: 'The settings of each version.' }),
  })
  .meta({ id: 'AgentVersionList', description: "An agent's versions, newest first." });

function acceptsSchema() {
  return z
    .array(z.enum(fileKinds))
    .refine((kinds) => new Set(kinds).size === kinds.length, 'must name each kind once')
    .meta({
      description:
        'The kinds of files that can be sent to the agent, because its model reads them. Default: `text`, which every model reads.',
      examples: [['text', 'image']],
    });
}

function reasoningSchema() {
  return z.enum(['hide', 'show']).meta({
    description:
      "Whether callers see the model's reasoning in answers. `hide` (default): nobody does. The stricter of the setting at the " +
      'time of an answer and the present one applies.',
  });
}

function versionSchema() {
  return z.int({ error: 'must be a whole number' }).min(1, 'must be at least 1');
}

/** The public view of an agent. */
export type Agent = z.infer<typeof agentSchema>;
/** The agents of a team in their public view. */
export type AgentList = z.infer<typeof agentListSchema>;
/** An agent with its settings. */
export type FullAgent = z.infer<typeof fullAgentSchema>;
/** All stored versions of an agent, newest first. */
export type AgentVersionList = z.infer<typeof agentVersionListSchema>;
/** The fields of an agent that a caller sets. */
export type NewAgent = z.infer<typeof newAgentSchema>;
