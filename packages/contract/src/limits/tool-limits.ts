/** Limits of tools and of their calls. */
export const toolLimits = {
  /** Models choose badly between more tools. */
  toolsMax: 16,
  /** All tools of an agent as JSON. With twenty versions an agent stays far below MongoDB's 16 MB. */
  toolsBytesMax: 256 * 1024,
  /** The longest URL that servers and proxies commonly accept. */
  toolUrlLengthMax: 2_048,
  /** The model receives the whole schema with every call. */
  toolSchemaBytesMax: 16 * 1024,
  /** Models fill in deeper schemas badly. */
  toolSchemaDepthMax: 16,
  /** Parts of a schema after its references are resolved. Limits the cost of checking arguments. */
  toolSchemaPartsMax: 500,
  /** An API key and a few headers of a gateway. */
  toolHeadersMax: 8,
  /** Fits a signed token. */
  toolHeaderLengthMax: 2_048,
  /** A person waits for the answer meanwhile. */
  toolTimeoutMs: 10_000,
  toolTimeoutMaxMs: 60_000,
  toolTimeoutMinMs: 100,
  /** Model responses with tool calls in one turn. A model that makes more is going in circles. */
  toolStepsMax: 8,
  /** Tool calls in one such response. A turn with all calls and results stays far below MongoDB's 16 MB. */
  toolCallsPerStepMax: 8,
  /** In UTF-16 units. Fits the contents of a form. */
  toolArgumentsLengthMax: 16_000,
  /** In UTF-16 units. A longer result is cut: this much already fills a quarter of most models' context. */
  toolResultLengthMax: 16_000,
  /** A larger response counts as a failed call. */
  toolResponseBytesMax: 1024 * 1024,
} as const;
