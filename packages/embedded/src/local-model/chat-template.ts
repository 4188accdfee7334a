/**
 * The template that turns a conversation into the model's prompt (Jinja, evaluated by llama.cpp).
 *
 * A model this small follows examples rather than instructions: with only a system prompt, it answers in invented
 * French. Three short exchanges between the system prompt and the conversation make it answer briefly and in English
 * with every system prompt. They take 80 tokens of the context, which are evaluated once and cached.
 */
export const chatTemplate = [
  "{%- if messages and messages[0].role in ['system', 'developer'] -%}",
  '{%- set system = messages[0].content -%}{%- set conversation = messages[1:] -%}',
  '{%- else -%}',
  "{%- set system = 'You are a helpful assistant.' -%}{%- set conversation = messages -%}",
  '{%- endif -%}',
  turn("'system'", 'system'),
  ...[
    ['Hello!', 'Hello! How can I help you?'],
    ['What is the capital of Italy?', 'The capital of Italy is Rome.'],
    ['What color is grass?', 'Grass is green.'],
  ].flatMap(([question, answer]) => [turn("'user'", `'${question}'`), turn("'assistant'", `'${answer}'`)]),
  '{%- for message in conversation -%}',
  turn('message.role', "(message.content or '')"),
  '{%- endfor -%}',
  "{%- if add_generation_prompt -%}{{- '<|im_start|>assistant\\n' -}}{%- endif -%}",
].join('');

/** Returns a message in the format that the model was trained on (ChatML). */
function turn(role: string, content: string): string {
  return `{{- '<|im_start|>' + ${role} + '\\n' + ${content} + '<|im_end|>\\n' -}}`;
}
