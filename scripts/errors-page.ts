import { errorCodes, errorEntry, nameOfStatus, statusOf } from '@parley/contract';

/** `docs/errors.md`, made from the register so that it cannot differ from what the server answers. */
export function errorsPage(): string {
  const groups = Map.groupBy(errorCodes, statusOf);
  const sections = [...groups]
    .sort(([a], [b]) => a - b)
    .map(([status, codes]) =>
      [`## ${status} ${nameOfStatus[status]}`, ...codes.map(codeSection)].join('\n\n'),
    );
  return `${[HEAD, ...sections].join('\n\n')}\n`;
}

const HEAD = `# Errors

<!-- Written by \`npm run docs\` from packages/contract/src/error-codes.ts. Change that file instead. -->

Every refusal, from any layer and at any path, is one JSON envelope:

\`\`\`json
{
  "error": "Not Found",
  "message": "There is no such chat. Check the id, and that the key belongs to the team that made it.",
  "code": "chat_not_found",
  "requestId": "req_01jd2m8x5qk3v7w9yb4t6r1znhce"
}
\`\`\`

Branch on \`code\`: a code never changes its meaning and is never reused. \`message\` is for people and may be
reworded. \`requestId\` (also the header \`X-Request-Id\`) finds the request in the log. \`issues\` comes with
\`invalid_input\`: each field and what it must be. \`messageId\` comes once a message was accepted: the answer's
id, whether or not there is an answer yet. Where waiting helps, \`Retry-After\` says how many seconds.

Over tRPC the same envelope is \`error.data.refusal\`.`;

function codeSection(code: (typeof errorCodes)[number]): string {
  const { message, when, retryAfterSeconds } = errorEntry(code);
  const retry = retryAfterSeconds === undefined ? '' : ` \`Retry-After: ${retryAfterSeconds}\`.`;
  return [`### \`${code}\``, `> ${message}`, `${when}${retry}`].join('\n\n');
}
