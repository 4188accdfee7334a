import { z } from 'zod';
import { agentTypeSchema } from './chat.ts';
import { idSchema } from './id.ts';
import { limits } from './limits.ts';
import { textSchema } from './text.ts';

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

/** What makes an agent. Absent means: the server's default. */
export const newAgentSchema = z.strictObject({
  name: textSchema({ min: 1, max: limits.nameLengthMax }),
  type: agentTypeSchema,
  description: textSchema({ min: 1, max: limits.descriptionLengthMax }).optional(),
  systemPrompt: textSchema({ min: 1, max: limits.systemPromptLengthMax }).optional(),
  model: textSchema({ min: 1, max: limits.nameLengthMax }).optional(),
  temperature: z.number().min(0).max(2).optional(),
});

export type Agent = z.infer<typeof agentSchema>;
export type AgentList = z.infer<typeof agentListSchema>;
export type NewAgent = z.infer<typeof newAgentSchema>;
