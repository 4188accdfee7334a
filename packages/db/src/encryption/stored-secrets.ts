import type { Id, Tool } from '@parley/contract';
import type { SealedPlace } from './encryption-key.ts';
import type { Seal, Vault } from './vault.ts';

/** The place of a signing secret. */
export function signingSecretPlace(team: Id<'team'>, id: Id<'secret'>): SealedPlace {
  return { team, document: id, field: 'secret' };
}

/** The place of a key that all servers share. It belongs to no team. */
export function serverKeyPlace(id: string): SealedPlace {
  return { team: '', document: id, field: 'key' };
}

/**
 * The place of a tool's header: this tool at this URL. An attacker who can write to the database but has no key
 * cannot have the value sent elsewhere.
 */
function headerPlace(team: Id<'team'>, agent: Id<'agent'>, { name, url }: Tool, header: string): SealedPlace {
  return { team, document: agent, field: `tools ${JSON.stringify([name, url, header])}` };
}

/** A header's value in the stored text: plain or sealed. A plain value is a string, a sealed one an object. */
export type StoredHeader = string | { readonly sealed: string };
type StoredTool = Omit<Tool, 'headers'> & { readonly headers?: Readonly<Record<string, StoredHeader>> };

/** The agent that has the tools. */
export interface ToolsOwner {
  readonly team: Id<'team'>;
  readonly agent: Id<'agent'>;
}

/** Whether a tool has headers. Their values are secrets. */
export function holdsHeaders(tools: readonly Tool[] | undefined): boolean {
  return tools?.some(({ headers }) => headers !== undefined) ?? false;
}

/** The stored form of an agent's tools. */
export function storeTools({ team, agent }: ToolsOwner, tools: readonly Tool[], seal: Seal): string {
  return JSON.stringify(
    tools.map((tool) => withHeaders(tool, tool.headers, (name, value) => store(name, value, tool))),
  );

  function store(name: string, value: string, tool: Tool): StoredHeader {
    const text = seal(headerPlace(team, agent, tool, name), value);
    return text === value ? value : { sealed: text };
  }
}

/** The tools of a stored text. A header that cannot be opened is left out: its tool answers that it is missing. */
export function openTools({ team, agent }: ToolsOwner, stored: string, open: Vault['open']): Tool[] {
  return parse(stored).map((tool) => {
    const { headers, ...plain } = tool;
    return withHeaders(plain, headers, (name, value) =>
      typeof value === 'string' ? value : open(headerPlace(team, agent, plain, name), value.sealed),
    );
  });
}

/** Changes the headers in a stored text. A header for which `change` returns undefined stays as it is. */
export function restoreTools(
  { team, agent }: ToolsOwner,
  stored: string,
  change: (place: SealedPlace, value: StoredHeader) => StoredHeader | 'removed' | undefined,
): string {
  const tools = parse(stored).map(({ headers, ...tool }) =>
    withHeaders(tool, headers, (name, value) => {
      const changed = change(headerPlace(team, agent, tool, name), value);
      return changed === 'removed' ? undefined : (changed ?? value);
    }),
  );
  return JSON.stringify(tools);
}

function parse(stored: string): StoredTool[] {
  // This text was written by `storeTools`, of this release or an earlier one.
  return JSON.parse(stored) as StoredTool[];
}

function withHeaders<T extends object, From, To>(
  { headers: _, ...tool }: T & { headers?: unknown },
  headers: Readonly<Record<string, From>> | undefined,
  change: (name: string, value: From) => To | undefined,
): Omit<T, 'headers'> & { headers?: Record<string, To> } {
  const changed = Object.entries(headers ?? {}).flatMap(([name, value]) => {
    const next = change(name, value);
    return next === undefined ? [] : [[name, next] as const];
  });
  // Rest and spread lose the type of a generic object.
  const plain = tool as Omit<T, 'headers'>;
  return changed.length > 0 ? { ...plain, headers: Object.fromEntries(changed) } : plain;
}
