import { readdir, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { type FetchWheelOptions, fetchWheel, type Wheel } from '../download/fetch-wheel.ts';
import { checkMongod, LibcurlMissingError, type MongodProgram } from './check-mongod.ts';

export interface CurlWheel extends Wheel {
  /** The folder of libraries in the wheel. */
  libraries: string;
}

/**
 * Checks the `mongod` at `binary` as `checkMongod` does, and lends it a libcurl when that is all it wants: every
 * build of MongoDB is linked against one, hardly ever calls it, and a Linux without `curl` has none. It comes
 * from a wheel that brings its own, and only this `mongod` gets to see it.
 *
 * @throws Error that says why it cannot be used.
 */
export async function checkLending(
  binary: string,
  wheel: CurlWheel | undefined,
  options: Pick<FetchWheelOptions, 'into' | 'onProgress' | 'signal' | 'indexUrl'>,
): Promise<MongodProgram & { version: string }> {
  try {
    return { binary, version: await checkMongod({ binary }, options.signal) };
  } catch (error) {
    if (!wheel || !(error instanceof LibcurlMissingError)) throw error;
    const libraryPath = await fetchLibcurl(wheel, options).catch((cause: Error) => {
      throw new Error(`${error.message}; ${cause.message}`, { cause });
    });
    const program = { binary, libraryPath };
    return { ...program, version: await checkMongod(program, options.signal) };
  }
}

/** Among the libraries of Python's binding to curl. They are for any Python, and for none. */
export const CURL_WHEEL: CurlWheel = {
  name: 'pycurl',
  version: '7.49.0',
  filename: 'pycurl-7.49.0-cp311-cp311-manylinux_2_28_x86_64.whl',
  sha256: '6f88539845d3bb2cf2ce0ccbc1bb8b9ed9e401a0d874798aeabc5f16f0f95c4d',
  bytes: 6_341_272,
  target: { pythonVersion: '3.11', abi: 'cp311', platform: 'manylinux_2_28_x86_64' },
  title: 'libcurl, a library MongoDB needs,',
  libraries: 'pycurl.libs',
};

async function fetchLibcurl(
  wheel: CurlWheel,
  options: Pick<FetchWheelOptions, 'into' | 'onProgress' | 'signal' | 'indexUrl'>,
): Promise<string> {
  const folder = join(await fetchWheel({ ...wheel, ...options }), wheel.libraries);
  const library = (await readdir(folder)).find((name) => /^libcurl-.*\.so\.4/.test(name));
  if (library === undefined) throw new Error(`${wheel.filename} holds no libcurl`);
  // Wheels give libraries names of their own; this is the one mongod asks for.
  await symlink(library, join(folder, 'libcurl.so.4')).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'EEXIST') throw error;
  });
  return folder;
}
