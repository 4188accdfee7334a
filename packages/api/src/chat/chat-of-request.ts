import type { ChatAccess, Scope } from '@parley/db';

/** The chat that a request has read, so that the stream that answers the request does not read it again. */
export class ChatOfRequest {
  #found: { readonly scope: Scope; readonly access: ChatAccess } | undefined;

  remember(scope: Scope, access: ChatAccess): void {
    this.#found = { scope, access };
  }

  /** The chat, if it was found in this very scope. */
  find(scope: Scope, chatId: string): ChatAccess | undefined {
    const found = this.#found;
    return found?.scope === scope && found.access.chat.id === chatId ? found.access : undefined;
  }
}
