/** Limits of files. */
export const fileLimits = {
  /** Fits a photo of a phone or a long PDF. Providers of models accept little more. */
  fileBytesMax: 10 * 1024 * 1024,
  /** The marks of a multipart body around the file, with its name. */
  uploadFramingBytesMax: 64 * 1024,
  /** The longest name that common file systems allow. */
  filenameLengthMax: 255,
  /** The storage of one team, unless the operator sets another: a thousand files of the maximum size. */
  teamFilesBytesMax: 10 * 1024 * 1024 * 1024,
  /** Files of one message. */
  messageFilesMax: 10,
  /** Files that one user has uploaded and not sent. A user who writes a message needs a few; nobody waits for a hundred. */
  unsentFilesPerUserMax: 100,
  /** How long a file that is not sent is kept. With the interval of the job it is gone within 25 hours. */
  unsentFileMs: 24 * 60 * 60 * 1_000,
  /**
   * How long a file that may have been sent is marked before it is looked for in turns. A message that was being accepted
   * when the mark was set is stored by then, or never will be. With two intervals of the job it is gone within 25 hours.
   */
  expiringFileMs: 20 * 60 * 1_000,
  /** How often a background job looks for files that were never sent. */
  unsentFilesEveryMs: 10 * 60 * 1_000,
  /** An upload has ended by then: a body has to arrive within minutes. */
  uploadMaxMs: 60 * 60 * 1_000,
} as const;
