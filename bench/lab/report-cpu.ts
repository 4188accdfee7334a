import { answerQuestions } from './answer-questions.ts';
import { cpuAnswers } from './cpu-answers.ts';

// Loaded before the server's own program, which knows nothing of it and ends as it would without it.
answerQuestions(cpuAnswers);
process.channel?.unref();
