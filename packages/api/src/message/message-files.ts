import { ApiError, acceptedByDefault, fileKindOf, isId, type MessageFile } from '@parley/contract';
import type { ChatAccess, Stores } from '@parley/db';

/**
 * Checks the files that a message names: the caller may access them, they belong to no other chat, and the agent of the chat
 * accepts them. Nothing is written.
 *
 * @throws ApiError `file_not_found`, `file_in_use`, `file_not_accepted`
 */
export async function findMessageFiles(
  stores: Pick<Stores, 'files' | 'agents'>,
  access: ChatAccess,
  fileIds: readonly string[],
): Promise<MessageFile[]> {
  const { scope, chat } = access;
  const ids = fileIds.filter((id) => isId('file', id));
  const [found, agent] = await Promise.all([
    stores.files.list(scope, ids),
    stores.agents.find({ team: chat.team }, chat.agent),
  ]);
  const byId = new Map(found.map((file) => [file.id as string, file]));
  const accepts = agent?.accepts ?? acceptedByDefault;
  return fileIds.map((fileId, index) => {
    const file = byId.get(fileId);
    if (!file) throw new ApiError('file_not_found');
    const { id, filename, mediaType, bytes } = file;
    if (file.chat !== undefined && file.chat !== chat.id) throw new ApiError('file_in_use');
    const kind = fileKindOf(mediaType);
    if (!accepts.includes(kind)) {
      const known = accepts.length === 0 ? 'no files' : `only these kinds: ${accepts.join(', ')}`;
      const detail = `File ${index + 1} of the message is of the kind \`${kind}\`, and the agent accepts ${known}.`;
      throw new ApiError('file_not_accepted', { detail });
    }
    return { id, filename, mediaType, bytes };
  });
}
