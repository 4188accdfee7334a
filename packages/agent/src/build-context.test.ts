import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { HistoryMessage } from './agent.ts';
import { buildContext, type ContextMessage, estimateTokens } from './build-context.ts';

const user = (content: string): HistoryMessage => ({ role: 'user', content });
const assistant = (content: string): HistoryMessage => ({ role: 'assistant', content });

describe('the context', () => {
  test('the context is the system prompt and the history if all of it fits', () => {
    const history = [user('a'), assistant('b'), user('c')];
    expect(buildContext(history, { systemPrompt: 'be brief' }, 100)).toEqual([
      { role: 'system', content: 'be brief' },
      ...history,
    ]);
  });

  test('the context has no system message if the prompt is absent or empty', () => {
    expect(buildContext([user('a')], {}, 100)).toEqual([user('a')]);
    expect(buildContext([user('a')], { systemPrompt: '' }, 100)).toEqual([user('a')]);
  });

  test('the context joins the messages of failed turns to the next message by a blank line', () => {
    const history = [user('first'), user('second'), assistant(''), user('third')];
    expect(buildContext(history, {}, 100)).toEqual([user('first\n\nsecond\n\nthird')]);
  });

  test('the context leaves out earlier messages that the model rejected and keeps the one to answer', () => {
    const refused = { ...user('refused'), isRefused: true };
    const history = [user('a'), assistant('b'), refused, user('c')];
    expect(buildContext(history, {}, 100)).toEqual([user('a'), assistant('b'), user('c')]);
    expect(buildContext(history.slice(0, 3), {}, 100)).toEqual([user('a'), assistant('b'), user('refused')]);
  });

  test('the context spends no budget on messages that the model refused', () => {
    const history = [user('a'), { ...user('x'.repeat(300)), isRefused: true }, user('c')];
    expect(buildContext(history, {}, estimateTokens('a') + estimateTokens('c'))).toEqual([user('a\n\nc')]);
  });

  test('the context begins with a question, so an answer without its question is left out', () => {
    const history = [user('x'.repeat(300)), assistant('y'), user('z')];
    const forTwo = estimateTokens('y') + estimateTokens('z');
    expect(buildContext(history, {}, forTwo)).toEqual([user('z')]);
  });

  test('the context leaves out what follows the newest user message', () => {
    expect(buildContext([user('a'), assistant('b')], {}, 100)).toEqual([user('a')]);
  });

  test('the context has the newest user message even if it exceeds the budget', () => {
    expect(buildContext([user('a'), assistant('b'), user('c'.repeat(99))], {}, 5)).toEqual([
      user('c'.repeat(99)),
    ]);
  });

  test('the context is only the system prompt if there is no user message', () => {
    expect(buildContext([assistant('b'), user('')], { systemPrompt: 's' }, 100)).toEqual([
      { role: 'system', content: 's' },
    ]);
  });
});

describe('the estimate of tokens', () => {
  // Counted with cl100k_base, which gives the most tokens of OpenAI's current tokenizers; the message's own four are
  // added.
  test.each([
    ['The quick brown fox jumps over the lazy dog.', 10 + 4],
    ['人工智能正在改变世界，我们需要认真思考它的影响。', 25 + 4],
    ['Съешь же ещё этих мягких французских булок, да выпей чаю.', 36 + 4],
    ['인공지능이 세상을 바꾸고 있으며 우리는 그 영향을 진지하게 생각해야 합니다.', 42 + 4],
  ])('the estimate of tokens is not lower than the count of a tokenizer for %s', (text, counted) => {
    expect(estimateTokens(text)).toBeGreaterThanOrEqual(counted);
  });

  test('the estimate of tokens is at most twice the count for English', () => {
    expect(estimateTokens('The quick brown fox jumps over the lazy dog. '.repeat(20))).toBeLessThan(2 * 200);
  });
});

const message = fc.record({
  role: fc.constantFrom('user' as const, 'assistant' as const),
  content: fc.oneof(fc.constant(''), fc.string({ unit: 'binary', maxLength: 40 })),
});
const history = fc.array(message, { maxLength: 30 });
const budget = fc.integer({ min: -5, max: 300 });
const settings = fc.record({ systemPrompt: fc.string({ maxLength: 10 }) });

/** The texts of a context's turns; merged messages are separated again. */
function textsOf(context: readonly ContextMessage[]): string {
  return context
    .filter(({ role }) => role !== 'system')
    .map(({ content }) => content)
    .join('\n\n');
}

function costOf(context: readonly ContextMessage[]): number {
  return context
    .filter(({ role }) => role !== 'system')
    .reduce((sum, { content }) => sum + estimateTokens(content), 0);
}

describe('any history', () => {
  test('any history gives alternating roles, from a user to the newest user message', () => {
    fc.assert(
      fc.property(history, settings, budget, (messages, agent, tokens) => {
        const context = buildContext(messages, agent, tokens);
        const roles = context.map(({ role }) => role);
        const turns = roles[0] === 'system' ? roles.slice(1) : roles;
        turns.forEach((role, index) => {
          expect(role).toBe(index % 2 === 0 ? 'user' : 'assistant');
        });
        expect(context.every(({ content }) => content !== '')).toBe(true);
        const newest = messages.findLast(({ role, content }) => role === 'user' && content !== '');
        if (newest) expect(context.at(-1)?.content.endsWith(newest.content)).toBe(true);
        expect(turns.length % 2).toBe(newest ? 1 : 0);
      }),
    );
  });

  test('any context stays within the budget, unless the newest message exceeds it', () => {
    fc.assert(
      fc.property(history, budget, (messages, tokens) => {
        const context = buildContext(messages, {}, tokens);
        if (context.length === 0 || costOf(context) <= tokens) return;
        const newest = messages.findLast(({ role, content }) => role === 'user' && content !== '');
        expect(context).toEqual([newest]);
      }),
    );
  });

  test('any context is the end of the history, and a larger budget never gives less of it', () => {
    fc.assert(
      fc.property(history, budget, fc.nat(100), (messages, tokens, more) => {
        const all = textsOf(buildContext(messages, {}, Number.POSITIVE_INFINITY));
        const larger = textsOf(buildContext(messages, {}, tokens + more));
        expect(all.endsWith(larger)).toBe(true);
        expect(larger.endsWith(textsOf(buildContext(messages, {}, tokens)))).toBe(true);
      }),
    );
  });

  test('any context has every message that would fit with its question', () => {
    fc.assert(
      fc.property(history, budget, (messages, tokens) => {
        const whole = buildContext(messages, {}, Number.POSITIVE_INFINITY);
        const costBefore = messages.reduce((sum, { content }) => sum + estimateTokens(content), 0);
        if (costBefore <= tokens) expect(buildContext(messages, {}, tokens)).toEqual(whole);
      }),
    );
  });

  test('a history of ten thousand messages is only read as far as the budget reaches', () => {
    let looks = 0;
    const messages = Array.from({ length: 10_000 }, (_, index) => ({
      role: index % 2 === 0 ? ('assistant' as const) : ('user' as const),
      get content() {
        looks++;
        return 'some words';
      },
    }));
    buildContext(messages, {}, 200);
    expect(looks).toBeLessThan(200);
    looks = 0;
    expect(buildContext(messages, {}, Number.POSITIVE_INFINITY)).toHaveLength(9_999);
    expect(looks).toBeLessThan(10 * messages.length);
  });
});
