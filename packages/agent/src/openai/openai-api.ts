import type { ModelRequest } from '../model/model.ts';
import type { Omission } from './omissions.ts';
import type { EventReader } from './response-reader.ts';

/** An API of the `openai` package that answers a conversation. */
export interface OpenAiApi {
  /** Relative to the server's base URL. */
  readonly path: string;
  /** The parts of its requests that some servers reject, and that can be left out. */
  readonly omissible: readonly Omission[];
  toBody(request: ModelRequest, omitted: ReadonlySet<Omission>): object;
  /** Creates a reader for one answer. */
  createReader(): EventReader;
}
