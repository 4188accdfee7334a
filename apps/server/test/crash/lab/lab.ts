import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { mintId } from '@parley/contract';
import { mongo } from 'mongoose';
import { type IssuerKey, makeIssuerKey, startTokenIssuer } from '../../support/token-issuer.ts';
import type { Harm } from '../judge/history.ts';
import type { Random } from '../random.ts';
import type { Point } from './crash-points.ts';
import { makeTeam } from './make-team.ts';
import type { ReplicaSet } from './replica-set.ts';
import { type LabBounds, openSite, type Site, untilReady } from './site.ts';
import { type ModelPace, type SlowModel, startSlowModel } from './slow-model.ts';

/** Two real servers on one real database, a scripted model, and all faults. */
export interface Lab extends AsyncDisposable {
  readonly sites: readonly [Site, Site];
  readonly model: SlowModel;
  readonly replicaSet: ReplicaSet | undefined;
  /** The database, for direct access. */
  readonly raw: mongo.Db;
  /** Its address. */
  readonly mongoUri: string;
  readonly agentId: string;
  readonly key: string;
  /** An identity provider: the address of its key set, and the key that signs its tokens. No fault affects it. */
  readonly identityProvider: { readonly url: string; readonly key: IssuerKey };
  readonly bounds: LabBounds;
  /** All faults so far. */
  readonly harms: Harm[];
  /** The time in which every server knows that access was withdrawn. */
  readonly accessEndsWithinMs: number;
  /** The time that a turn may take in addition to its answer. */
  readonly endWithinMs: number;
  /** The longest time that the model takes for an answer. */
  readonly answerMsMax: number;
  /** Settles when this server is held at the point: the call after `passes` others. */
  arm(site: Site, point: Point, passes: number): Promise<void>;
  /** Releases held calls, and holds no more. */
  proceed(): void;
  /** Settles when every server accepts requests. */
  ready(): Promise<void>;
}

export interface LabOptions {
  /** The address of one node, or of the replica set. */
  readonly mongoUri: string;
  readonly replicaSet?: ReplicaSet;
  readonly bounds: LabBounds;
  readonly endWithinMs: number;
  /** See `Lab`. Default: as documented. */
  readonly accessEndsWithinMs?: number;
  readonly pace: ModelPace;
  readonly random: Random;
  /** The folder that keeps the servers' logs. Without it they are deleted. */
  readonly logFolder?: string | undefined;
  /** For a busy machine: the promised times are extended by this much. */
  readonly patienceMs?: number | undefined;
  /** The program of both servers. Default: this checkout's. */
  readonly entry?: URL;
  /** Creates the team on the empty database. Default: this checkout's code. */
  readonly makeTeam?: typeof makeTeam;
}

/** The documented time in which a blocked user, a revoked key and the like are rejected everywhere. */
const ACCESS_ENDS_MS = 5_000;

/** Opens a lab; disposing of it ends everything that it started. */
export async function openLab(options: LabOptions): Promise<Lab> {
  const { replicaSet, bounds, pace, random } = options;
  await using owned = new AsyncDisposableStack();
  const logFolder = options.logFolder ?? (await temporaryFolder(owned));
  await mkdir(logFolder, { recursive: true });
  const mongoUri = withDatabase(options.mongoUri, `crash_${mintId('request').slice(-12)}`);
  const raw = await openRaw(mongoUri, owned);
  const team = await (options.makeTeam ?? makeTeam)(mongoUri);
  const model = await startSlowModel(random, pace);
  owned.defer(() => model.stop());
  const identityProvider = await openIdentityProvider(owned);
  const open = async (name: string) => {
    const logPath = join(logFolder, `${replicaSet ? 'three-nodes' : 'one-node'}-${name}.log`);
    const hasDatabaseLink = !replicaSet;
    const { entry } = options;
    const place = { name, mongoUri, hasDatabaseLink, modelPort: model.port, bounds, logPath, entry };
    const site = await openSite(place);
    owned.defer(() => site.stop());
    return site;
  };
  const sites = [await open('A'), await open('B')] as const;
  await Promise.all(sites.map(({ slot }) => slot.start()));
  const kept = owned.move();
  return {
    ...team,
    sites,
    model,
    replicaSet,
    raw,
    mongoUri,
    identityProvider,
    bounds,
    harms: [],
    accessEndsWithinMs: (options.accessEndsWithinMs ?? ACCESS_ENDS_MS) + (options.patienceMs ?? 0),
    endWithinMs: options.endWithinMs,
    answerMsMax: pace.pieces[1] * pace.pauseMs[1] + (options.patienceMs ?? 0),
    arm: ({ slot }, point, passes) =>
      point === 'in-stream' ? model.hold(slot.name, passes) : slot.arm(point, passes),
    proceed() {
      model.proceed();
      for (const { slot } of sites) slot.proceed();
    },
    ready: async () => void (await Promise.all(sites.map(untilReady))),
    [Symbol.asyncDispose]: () => kept.disposeAsync(),
  };
}

async function openIdentityProvider(owned: AsyncDisposableStack): Promise<Lab['identityProvider']> {
  const [issuer, key] = await Promise.all([startTokenIssuer(), makeIssuerKey('ES256', 'lab')]);
  owned.defer(async () => void (await issuer.stop()));
  issuer.show(key.jwk);
  return { url: issuer.url, key };
}

async function temporaryFolder(owned: AsyncDisposableStack): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'parley-crash-'));
  owned.defer(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

async function openRaw(mongoUri: string, owned: AsyncDisposableStack): Promise<mongo.Db> {
  const client = await mongo.MongoClient.connect(mongoUri);
  owned.defer(() => client.close());
  const database = client.db();
  owned.defer(async () => void (await database.dropDatabase()));
  return database;
}

/** The same MongoDB, with this database. */
export function withDatabase(mongoUri: string, name: string): string {
  return mongoUri.replace(/^(mongodb:\/\/[^/]+)\/[^?]*/, `$1/${name}`);
}
