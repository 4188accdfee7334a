import { agentLimits } from './limits/agent-limits.ts';
import { chatLimits } from './limits/chat-limits.ts';
import { credentialLimits } from './limits/credential-limits.ts';
import { dataLimits } from './limits/data-limits.ts';
import { fileLimits } from './limits/file-limits.ts';
import { requestLimits } from './limits/request-limits.ts';
import { streamLimits } from './limits/stream-limits.ts';
import { toolLimits } from './limits/tool-limits.ts';
import { turnLimits } from './limits/turn-limits.ts';
import { usageLimits } from './limits/usage-limits.ts';

/**
 * All limits of Parley, each with its reason. Lengths are in Unicode code points (as JSON Schema counts),
 * sizes in bytes, times in milliseconds, unless the name or comment says otherwise. A name belongs to one subject only.
 */
export const limits = {
  ...requestLimits,
  ...chatLimits,
  ...agentLimits,
  ...toolLimits,
  ...turnLimits,
  ...streamLimits,
  ...credentialLimits,
  ...usageLimits,
  ...dataLimits,
  ...fileLimits,
} as const;
