import { join } from 'node:path';

/** A wheel (Python package file) of PyPI, identified by its hash. */
export interface Wheel {
  name: string;
  version: string;
  /** The SHA-256 of the file, in lower-case hex. */
  sha256: string;
  /** Needed only if pip could choose between several wheels of this version. */
  filename?: string;
  /** The size of the file. If given, progress is reported in percent. */
  bytes?: number;
  /** For a wheel whose content needs no Python but that declares one: the Python to declare to pip. */
  target?: { pythonVersion: string; abi: string; platform: string };
  /** The name in progress lines and errors. Default: `name`. */
  title?: string;
}

/** A wheel, and how to fetch it. */
export interface FetchWheelOptions extends Wheel {
  /** The folder of all fetched wheels, each in a subfolder. Created if it does not exist. */
  into: string;
  onProgress: (line: string) => void;
  signal?: AbortSignal | undefined;
  /** Default: `python3`. */
  python?: string;
  /** For tests: an index on `http://127.0.0.1:…`, used without pip's cache instead of the configured index. */
  indexUrl?: string | undefined;
  /** For download, check and unpacking together, in milliseconds. Default: ten minutes, enough for 100 MB on a slow line. */
  timeoutMs?: number;
}

/** Returns the folder of a fetched wheel. Another hash means another folder. */
export function wheelFolder(wheel: Wheel & { into: string }): string {
  return join(wheel.into, `${wheel.name}-${wheel.version}-${wheel.sha256.slice(0, 12)}`);
}
