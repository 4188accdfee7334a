import { execFile } from 'node:child_process';
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const TSC = fileURLToPath(new URL('../../node_modules/typescript/bin/tsc', import.meta.url));
export interface Compilation {
  /** The package's folder in the workspace. */
  readonly source: string;
  /** The folder that is staged; what is compiled comes into its `dist`. */
  readonly target: string;
  /** Where the types of the workspace's other packages are: as they will be published, not as sources. */
  readonly typesOf: Readonly<Record<string, string>>;
}

/**
 * Compiles a package's sources, without tests, to JavaScript and declarations.
 *
 * @throws Error with what the compiler says
 */
export async function compile({ source, target, typesOf }: Compilation): Promise<void> {
  const config = {
    extends: join(source, 'tsconfig.json'),
    compilerOptions: {
      noEmit: false,
      declaration: true,
      rewriteRelativeImportExtensions: true,
      noEmitOnError: true,
      rootDir: join(source, 'src'),
      outDir: join(target, 'dist'),
      typeRoots: [fileURLToPath(new URL('../../node_modules/@types', import.meta.url))],
      paths: Object.fromEntries(Object.entries(typesOf).map(([name, file]) => [name, [file]])),
    },
    include: [join(source, 'src')],
    exclude: ['*.test.ts', '*.test.tsx', 'testing'].map((part) => join(source, 'src/**', part)),
  };
  await mkdir(target, { recursive: true });
  const configFile = join(target, 'tsconfig.json');
  await writeFile(configFile, JSON.stringify(config));
  await promisify(execFile)(process.execPath, [TSC, '-p', configFile]).catch((error) => {
    throw new Error(`${source} does not compile:\n${error.stdout}${error.stderr}`, { cause: error });
  });
  for (const file of await declarationsOf(join(target, 'dist'))) {
    await writeFile(file, withJsEndings(await readFile(file, 'utf8')));
  }
}

/** Every declaration file below a folder. */
export async function declarationsOf(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => entry.isFile() && entry.name.endsWith('.d.ts'))
    .map((entry) => join(entry.parentPath, entry.name));
}

/** The compiler rewrites what JavaScript imports, and leaves declarations as they are. */
function withJsEndings(declaration: string): string {
  return declaration.replace(/(\bfrom |\bimport\(|\bimport )(['"])(\.[^'"]*)\.tsx?\2/g, '$1$2$3.js$2');
}
