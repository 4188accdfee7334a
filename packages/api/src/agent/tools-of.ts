import { ApiError, type ShownTool, type Tool, type ToolInput } from '@parley/contract';

/** Returns why a tool may not have this URL, as a sentence for the caller; undefined if it may. */
export type ProblemOfToolUrl = (url: string) => string | undefined;

/**
 * Converts the tools of a request to their stored form. A header without a value keeps the stored value of the same
 * header, if the tool has the same name and URL. So a caller who cannot read a value cannot have it sent to another
 * address.
 *
 * @throws ApiError `invalid_input`
 */
export function toolsOf(
  sent: readonly ToolInput[] | undefined,
  known: readonly Tool[] | undefined,
  problemOfUrl: ProblemOfToolUrl = () => undefined,
): Tool[] | undefined {
  return sent?.map(({ headers, method: _, timeoutMs, title, show, ...tool }, index) => {
    const problem = problemOfUrl(tool.url);
    if (problem !== undefined) reject(`tools.${index}.url`, problem);
    const before = known?.find(
      ({ name, url }) => name === tool.name && addressOf(url) === addressOf(tool.url),
    );
    const entries = Object.entries(headers ?? {}).map(([name, value]) => {
      const text = value ?? before?.headers?.[name.toLowerCase()];
      return [name.toLowerCase(), text ?? reject(`tools.${index}.headers.${name}`, NO_VALUE)] as const;
    });
    return {
      ...tool,
      ...(entries.length > 0 && { headers: Object.fromEntries(entries) }),
      ...(timeoutMs !== undefined && { timeoutMs }),
      ...(title !== undefined && { title }),
      ...(show !== undefined && { show }),
    };
  });
}

/** Returns a tool without the values of its headers. */
export function showTool(tool: Tool): ShownTool {
  const { name, description, parameters, url, headers, timeoutMs, title, show } = tool;
  return {
    ...{ name, description, parameters, url, method: 'POST' },
    ...(headers && { headers: Object.fromEntries(Object.keys(headers).map((header) => [header, null])) }),
    ...(timeoutMs !== undefined && { timeoutMs }),
    ...(title !== undefined && { title }),
    ...(show !== undefined && { show }),
  };
}

const NO_VALUE =
  'has no value that could be kept: a value stays only with the same name at the same URL. Send the value';

/** Different spellings of a URL are the same address. */
function addressOf(url: string): string | undefined {
  return URL.parse(url)?.href;
}

function reject(path: string, message: string): never {
  throw new ApiError('invalid_input', { issues: [{ path, message }] });
}
