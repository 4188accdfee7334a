import { errorCodes, errorEntry, nameOfStatus, statusOf } from '@parley/contract';

/** Builds `docs/errors.md` from the register of errors. */
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

The body of every error response, from any layer and at any path, has one form:

\`\`\`json
{
  "error": "${nameOfStatus[statusOf('chat_not_found')]}",
  "message": "${errorEntry('chat_not_found').message}",
  "code": "chat_not_found",
  "requestId": "req_01jd2m8x5qk3v7w9yb4t6r1znhce"
}
\`\`\`

| Field | Meaning |
| --- | --- |
| \`error\` | The short name of the HTTP status |
| \`message\` | A sentence for people. It may be reworded |
| \`code\` | Use it to decide what to do. A code never changes its meaning and is never reused |
| \`requestId\` | The id of the request in the log, also in the header \`X-Request-Id\` |
| \`issues\` | With \`invalid_input\`: each invalid field, and what it must be |
| \`messageId\` | Set once the message is accepted: the id that the answer has or will have |

If a retry can help, the header \`Retry-After\` contains the seconds to wait.

Over tRPC this object is \`error.data.apiError\`.`;

function codeSection(code: (typeof errorCodes)[number]): string {
  const { message, when, retryAfterSeconds } = errorEntry(code);
  const retry = retryAfterSeconds === undefined ? '' : ` \`Retry-After: ${retryAfterSeconds}\`.`;
  return [`### \`${code}\``, `> ${message}`, `${when}${retry}`].join('\n\n');
}
