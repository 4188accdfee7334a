import { type Arrivals, visitAll } from '../../integrations/scenarios/visit-all.ts';
import { askAt } from '../script.ts';
import { expectEqual } from './expect.ts';
import { type RoundTimes, roundTimes } from './run-tasks.ts';

const QUESTIONS = ['What is on today?', 'And tomorrow?'].map((question) => askAt('slow', question));

/**
 * Lets visitors come to the chat page, who ask twice each. The times are those to the first text of an answer.
 *
 * @throws Error when one of them was rejected or was not answered
 */
export async function visitPage(url: string, arrivals: Arrivals): Promise<RoundTimes> {
  const startedAt = performance.now();
  const visits = await visitAll({ url, questions: QUESTIONS }, arrivals);
  const elapsedMs = performance.now() - startedAt;
  expectEqual(
    visits.flatMap(({ rejected }) => rejected),
    [],
  );
  const firstTexts = visits.flatMap(({ firstTextMs }) => firstTextMs);
  expectEqual(firstTexts.length, arrivals.visitors * QUESTIONS.length);
  return roundTimes(firstTexts, elapsedMs);
}
