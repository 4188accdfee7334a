interface Question {
  readonly id: number;
  readonly name: string;
  readonly details: unknown;
}

type Answers = Readonly<Record<string, (details: never) => unknown>>;

/**
 * Lets this process answer its parent's questions. When the parent has ended, so that no question can follow, this
 * process ends as if it were asked to.
 */
export function answerQuestions(answers: Answers): void {
  process.on('message', async (message) => {
    // The parent is ours (child.ts); what it sends is a question.
    const { id, name, details } = message as Question;
    const answer = answers[name];
    if (!answer) return;
    try {
      process.send?.({ id, answer: await answer(details as never) });
    } catch (error) {
      process.send?.({ id, error: error instanceof Error ? (error.stack ?? error.message) : String(error) });
    }
  });
  process.once('disconnect', () => process.kill(process.pid, 'SIGTERM'));
}
