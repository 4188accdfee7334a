import { answerQuestions } from './answer-questions.ts';
import { cpuAnswers } from './cpu-answers.ts';
import { loopAnswers } from './loop-answers.ts';
import { memoryAnswers } from './memory-answers.ts';

// Loaded before the server's own program, which knows nothing of it and ends as it would without it.
answerQuestions({ ...cpuAnswers, ...loopAnswers, ...memoryAnswers });
process.channel?.unref();
