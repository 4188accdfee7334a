import { setTimeout as delay } from 'node:timers/promises';
import { type Link, openLink } from './link.ts';
import { ServerSlot } from './server-slot.ts';
import { modelKeyOf } from './slow-model.ts';

/** A server's slot, with its links to the model and the database. */
export interface Site {
  readonly slot: ServerSlot;
  readonly modelLink: Link;
  /** Absent with a replica set, whose nodes name their own addresses. */
  readonly databaseLink?: Link;
}

export interface LabBounds {
  readonly leaseMs: number;
  readonly tickMs: number;
  /** From SIGTERM to the hand-over of what still runs. */
  readonly drainMs: number;
  /** The maximum number of running answers; as many again wait. Default: the product's. */
  readonly runningTurnsMax?: number;
  readonly waitingTurnsMax?: number;
  /** Answers of one address of visitors. */
  readonly runningPerAddressMax?: number;
}

export interface SiteOptions {
  readonly name: string;
  readonly mongoUri: string;
  /** Whether the database is reached through a link. */
  readonly hasDatabaseLink: boolean;
  readonly modelPort: number;
  readonly bounds: LabBounds;
  readonly logPath: string;
  /** The program that runs there. Default: this checkout's. */
  readonly entry?: URL | undefined;
}

const READY_MAX_MS = 30_000;
const LOOK_EVERY_MS = 25;

/** Creates the slot; no server runs there yet. */
export async function openSite(options: SiteOptions): Promise<Site & { stop(): Promise<void> }> {
  const { name, mongoUri, bounds } = options;
  const modelLink = await openLink(options.modelPort);
  const databaseLink = options.hasDatabaseLink ? await openLink(portOf(mongoUri)) : undefined;
  const parts = {
    ...bounds,
    mongodbUri: databaseLink ? addressThrough(databaseLink, mongoUri) : mongoUri,
    modelUrl: `http://127.0.0.1:${modelLink.port}/v1`,
    backupModelUrl: `http://127.0.0.1:${options.modelPort}/v1`,
    modelKey: modelKeyOf(name),
  };
  const slot = new ServerSlot(name, parts, options.logPath, options.entry);
  return {
    slot,
    modelLink,
    ...(databaseLink && { databaseLink }),
    async stop() {
      await slot.stop();
      await Promise.all([modelLink.stop(), databaseLink?.stop()]);
    },
  };
}

/** Settles when the server reports that it accepts requests. */
export async function untilReady({ slot }: Site): Promise<void> {
  const giveUpAt = performance.now() + READY_MAX_MS;
  while (!(await isReady(slot.url))) {
    if (performance.now() > giveUpAt) throw new Error(`server ${slot.name} does not become ready`);
    await delay(LOOK_EVERY_MS);
  }
}

function isReady(url: string): Promise<boolean> {
  return fetch(`${url}/readyz`).then(
    async (response) => {
      await response.arrayBuffer();
      return response.ok;
    },
    () => false,
  );
}

function portOf(mongoUri: string): number {
  return Number(new URL(mongoUri).port);
}

/** The replica set knows its node by the node's own address, so only a direct connection stays on the link. */
function addressThrough(link: Link, mongoUri: string): string {
  const url = new URL(mongoUri);
  url.port = `${link.port}`;
  url.searchParams.delete('replicaSet');
  url.searchParams.set('directConnection', 'true');
  return url.href;
}
