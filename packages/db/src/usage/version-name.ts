/** The number of answers whose version is unknown. Versions begin with 1. */
export const UNKNOWN_VERSION = 0;

/** The name of a sum by an agent's version, which is also the position of a page. */
export function versionName(agent: string, version: number): string {
  return `${agent} ${version}`;
}

/** The parts of a name that `versionName` wrote. */
export function partsOfVersionName(name: string): { readonly agent: string; readonly version: number } {
  const [agent = '', version] = name.split(' ');
  return { agent, version: Number(version) };
}
