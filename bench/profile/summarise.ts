import type { Profiler } from 'node:inspector';
import { groupOf, placeOf } from './group-of.ts';

type Node = Profiler.ProfileNode;

/** How many functions are shown. */
const FUNCTIONS_SHOWN = 30;

interface Share {
  /** Of the functions themselves. */
  self: number;
  /** With what node does for them: the work of node's own functions counts for who called them. */
  caused: number;
}

/** A profile by group of packages, and its busiest functions. `cpuMs` is what the shares are shares of. */
export function summarise(profile: Profiler.Profile, cpuMs: number): string {
  const self = selfTimes(profile);
  const parents = parentsOf(profile);
  const groups = new Map<string, Share>();
  const functions = new Map<string, number>();
  let total = 0;
  for (const node of profile.nodes) {
    const time = self.get(node.id) ?? 0;
    if (time === 0 || node.callFrame.functionName === '(idle)') continue;
    total += time;
    shareOf(groups, groupOf(withSource(node, parents))).self += time;
    shareOf(groups, groupOf(withPackage(node, parents))).caused += time;
    const place = placeOf(node.callFrame);
    functions.set(place, (functions.get(place) ?? 0) + time);
  }
  const row = (cells: readonly string[]) => `| ${cells.join(' | ')} |`;
  const cells = (time: number) => [
    `${((time / total) * 100).toFixed(1)} %`,
    ((time / total) * cpuMs).toFixed(3),
  ];
  const groupRows = [...groups]
    .toSorted(([, one], [, other]) => other.self - one.self)
    .map(([name, { self, caused }]) => row([name, ...cells(self), ...cells(caused)]));
  const functionRows = [...functions]
    .toSorted(([, one], [, other]) => other - one)
    .slice(0, FUNCTIONS_SHOWN)
    .map(([place, time]) => row([place, ...cells(time)]));
  return [
    row(['group', 'self', 'ms', 'with node for it', 'ms']),
    row(['---', '---:', '---:', '---:', '---:']),
    ...groupRows,
    '',
    row(['function', 'self', 'ms']),
    row(['---', '---:', '---:']),
    ...functionRows,
  ].join('\n');
}

function shareOf(groups: Map<string, Share>, name: string): Share {
  const share = groups.get(name) ?? { self: 0, caused: 0 };
  groups.set(name, share);
  return share;
}

/** Microseconds by node. */
function selfTimes({ samples = [], timeDeltas = [] }: Profiler.Profile): Map<number, number> {
  const times = new Map<number, number>();
  for (const [index, node] of samples.entries()) {
    // A sample's own time is until the next one.
    times.set(node, (times.get(node) ?? 0) + (timeDeltas[index + 1] ?? 0));
  }
  return times;
}

function parentsOf({ nodes }: Profiler.Profile): Map<Node, Node> {
  const byId = new Map(nodes.map((node) => [node.id, node]));
  const parents = new Map<Node, Node>();
  for (const node of nodes) {
    for (const id of node.children ?? []) {
      const child = byId.get(id);
      if (child) parents.set(child, node);
    }
  }
  return parents;
}

/** A function without a source (a built-in, a call into C++) counts for the one that called it. */
function withSource(node: Node, parents: Map<Node, Node>): Node {
  return climb(node, parents, ({ callFrame }) => callFrame.url !== '') ?? node;
}

function withPackage(node: Node, parents: Map<Node, Node>): Node {
  const isPackage = ({ callFrame: { url } }: Node) => url !== '' && !url.startsWith('node:');
  return climb(node, parents, isPackage) ?? withSource(node, parents);
}

function climb(node: Node, parents: Map<Node, Node>, accept: (node: Node) => boolean): Node | undefined {
  for (let at: Node | undefined = node; at; at = parents.get(at)) if (accept(at)) return at;
  return undefined;
}
