import { z } from 'zod';
import { agentTypeSchema } from './chat.ts';
import { idInputSchema, idSchema } from './id.ts';
import { limits } from './limits.ts';
import { textSchema } from './text.ts';
import { momentSchema } from './time.ts';
import { toolSchema, toolsInputSchema } from './tool.ts';

/** An agent's public form: what a page may know of it. Prompts, models and tools are not part of it. */
export const agentSchema = z
  .object({
    id: idSchema('agent'),
    name: z.string(),
    description: z.string().optional(),
    type: agentTypeSchema,
  })
  .meta({ id: 'Agent', description: 'An agent, as anyone with a key may see it.' });

export const listAgentsInputSchema = z.strictObject({});

export const agentListSchema = z
  .object({ agents: z.array(agentSchema) })
  .meta({ id: 'AgentList', description: "The team's agents." });

/** What shapes an agent's answers, and has versions. Absent means: the server's default. */
const settingsFields = {
  systemPrompt: textSchema({ min: 1, max: limits.systemPromptLengthMax })
    .optional()
    .meta({ description: 'What the model is told first. It is shown to secret keys alone.' }),
  model: textSchema({ min: 1, max: limits.nameLengthMax })
    .optional()
    .meta({ description: "The model's name; the server's own unless given.", examples: ['gpt-5-mini'] }),
  temperature: z
    .number()
    .min(0, 'must be at least 0')
    .max(2, 'must be at most 2')
    .optional()
    .meta({ description: "How freely the model chooses; the model's own unless given." }),
  tools: toolsInputSchema.optional(),
};

/** What makes an agent. */
export const newAgentSchema = z.strictObject({
  name: textSchema({ min: 1, max: limits.nameLengthMax }).meta({
    description: 'What people call it.',
    examples: ['Ada'],
  }),
  type: agentTypeSchema,
  description: textSchema({ min: 1, max: limits.descriptionLengthMax })
    .optional()
    .meta({ description: 'What it is for, as anyone with a key may read it.' }),
  retentionDays: z
    .int({ error: 'must be a whole number of days' })
    .min(1, 'must be at least 1')
    .max(limits.retentionDaysMax, `must be at most ${limits.retentionDaysMax}`)
    .optional()
    .meta({
      description:
        'Its chats are deleted, with all that was said in them, once nothing has been said for so many days. ' +
        'Without it they are kept.',
    }),
  ...settingsFields,
});

/** Names one agent. */
export const oneAgentInputSchema = z.strictObject({ agentId: idInputSchema('agent') });

/** All of an agent is replaced: a field that is left out is taken away. */
export const updateAgentInputSchema = newAgentSchema.extend({
  agentId: idInputSchema('agent'),
  expectedVersion: versionSchema()
    .optional()
    .meta({ description: 'Refuses the change if the agent is at another version: someone else was faster.' }),
});

export const rollbackAgentInputSchema = oneAgentInputSchema.extend({
  version: versionSchema().meta({ description: 'The version whose settings are used again.' }),
});

const versionFields = {
  version: z.int().meta({ description: 'Counts up from 1 with each change of the settings.' }),
  systemPrompt: z.string().optional(),
  model: z.string().optional(),
  temperature: z.number().optional(),
  tools: z.array(toolSchema).meta({ description: 'What the model may call while it answers.' }),
  createdAt: momentSchema,
};

/** An agent as whoever administers it sees it. */
export const fullAgentSchema = z
  .object({
    id: idSchema('agent'),
    name: z.string(),
    type: agentTypeSchema,
    description: z.string().optional(),
    retentionDays: z.int().optional(),
    ...versionFields,
    updatedAt: momentSchema,
  })
  .meta({ id: 'FullAgent', description: 'An agent with its settings, for secret keys.' });

export const agentVersionListSchema = z
  .object({
    versions: z.array(z.object(versionFields)).meta({ description: 'The settings of each version.' }),
  })
  .meta({ id: 'AgentVersionList', description: "An agent's versions, newest first." });

function versionSchema() {
  return z.int({ error: 'must be a whole number' }).min(1, 'must be at least 1');
}

export type Agent = z.infer<typeof agentSchema>;
export type AgentList = z.infer<typeof agentListSchema>;
export type FullAgent = z.infer<typeof fullAgentSchema>;
export type AgentVersionList = z.infer<typeof agentVersionListSchema>;
export type NewAgent = z.infer<typeof newAgentSchema>;
