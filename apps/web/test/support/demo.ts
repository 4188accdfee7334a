import type { Gate, ModelScript } from '@parley/agent/testing';

/*
 * A conversation with all kinds of content, for the screenshots and for axe.
 */

/** A question and its answer. */
export interface DemoTurn {
  readonly question: string;
  readonly answer: string;
}

/** The messages of the conversation. */
export const demoChat: readonly DemoTurn[] = [
  {
    question: 'How far is the horizon when I stand on a beach?',
    answer: `About **5 kilometres**, if your eyes are 1.7 m above the water.

The line of sight touches the sea at a right angle to the Earth's radius, so Pythagoras is enough:

$$d = \\sqrt{(R + h)^2 - R^2} \\approx \\sqrt{2 R h}$$

with $R = 6371\\ \\text{km}$. A few heights to compare:

| You are | Eye height | Horizon |
| --- | ---: | ---: |
| sitting on the sand | 0.8 m | 3.2 km |
| standing | 1.7 m | 4.7 km |
| on a lifeguard's tower | 5 m | 8.0 km |
| on a cliff | 100 m | 35.7 km |

Air bends light a little: on most days you see some 8 % farther than this.`,
  },
  {
    question: 'Write me a function for it, with the bending of the air.',
    answer: `The usual way is to let the Earth be larger by the refraction factor:

\`\`\`ts
const EARTH_RADIUS_M = 6_371_000;

/** Metres to the horizon; \`refraction\` is about 0.14 by day. */
export function horizonDistance(eyeHeightM: number, refraction = 0.14): number {
  if (eyeHeightM < 0) throw new RangeError('eyes are above the water');
  const radius = EARTH_RADIUS_M / (1 - refraction);
  return Math.sqrt(eyeHeightM * (2 * radius + eyeHeightM));
}

console.log(Math.round(horizonDistance(1.7))); // 5019
\`\`\`

Three things to know:

1. \`refraction\` grows when cold air lies under warm air; over cold water it can pass 0.5.
2. The term \`eyeHeightM ** 2\` matters only from a mountain on.
3. For the distance at which you see a *ship*, add the same for the height of its mast.`,
  },
];

/** A question that the agent answers with a tool. */
export const demoWork = {
  question: 'Is order 4711 on its way?',
  reasoning:
    'The customer names an order. Its state can change every hour, so I must not guess: I look it up and then say when it arrives.',
  before: 'I look that up for you.',
  tool: {
    name: 'find_order',
    title: 'Looks up the order',
    description: 'Finds an order by its number.',
    parameters: { type: 'object', properties: { number: { type: 'string' } }, required: ['number'] },
  },
  input: { number: '4711' },
  output: '{"state":"in transit","carrier":"by bicycle","expected":"tomorrow, 8 to 12"}',
  answer: `Yes. It left the warehouse and comes **by bicycle**, tomorrow between 8 and 12.

Nobody at home then? Tell me a neighbor or a place, and I add it to the order.`,
};

/** The titles of the other chats in the list, newest first. */
export const demoTitles: readonly { readonly title: string; readonly daysAgo: number }[] = [
  { title: 'Explain recursion to a ten-year-old', daysAgo: 0 },
  { title: 'Why does bread need to rest?', daysAgo: 1 },
  { title: 'Regular expression for ISO dates', daysAgo: 1 },
  { title: 'A packing list for three rainy days', daysAgo: 4 },
  { title: 'Plan a vegetable bed', daysAgo: 16 },
];

/** Streams an answer in pieces of a few letters. With a gate it waits before the last `held` characters. */
export function streamText(text: string, held?: { readonly gate: Gate; readonly from: number }): ModelScript {
  return async (call) => {
    for (let at = 0; at < text.length; at += 24) {
      if (held && at >= held.from) await held.gate.released;
      call.text(text.slice(at, at + 24));
    }
    call.finish();
  };
}
