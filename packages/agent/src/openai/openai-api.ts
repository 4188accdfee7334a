import type { Contents } from '../model/file-contents.ts';
import type { ModelRequest } from '../model/model.ts';
import type { Omission } from './omissions.ts';
import type { EventReader } from './response-reader.ts';

/** An API of the `openai` package that answers a conversation. */
export interface OpenAiApi {
  /** Relative to the server's base URL. */
  readonly path: string;
  /** The parts of its requests that some servers reject, and that can be left out. */
  readonly omissible: readonly Omission[];
  /** `contents` are those of the files of its messages. */
  toBody(request: ModelRequest, omitted: ReadonlySet<Omission>, contents: Contents): object;
  /** Creates a reader for one answer. */
  createReader(): EventReader;
}
