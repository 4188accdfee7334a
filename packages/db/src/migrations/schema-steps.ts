import { compact } from '@parley/contract';
import { trusted } from 'mongoose';
import { version } from '../version.ts';
import type { LiveServers } from './live-servers.ts';
import type { Migration, MigrationContext } from './migration.ts';
import type { StepDocument, VersionModels } from './version-models.ts';

/** A step that still has to run, or to run again, on this database. */
export interface PendingStep {
  readonly version: number;
  readonly name: string;
  /** It ran while a server was live that did not know it. It runs again when there is no such server. */
  readonly isRepeated: boolean;
}

/** The migration steps of one database. */
export interface SchemaSteps {
  /**
   * @throws Error with a sentence for the operator when a newer release changed the data so that this one cannot work
   * with it. A newer release may also have recorded that servers of this version can continue.
   */
  assertSupported(): Promise<void>;
  /** The highest step that has finished. */
  version(): Promise<number>;
  /** Whether no newer release has worked on this database. */
  isNewest(): Promise<boolean>;
  pending(): Promise<PendingStep[]>;
  /** Whether a pending step may run now. */
  hasDue(): Promise<boolean>;
  /** Repeats steps that a live server does not know: that server may write the old form after they have finished. */
  markOutdated(): Promise<void>;
  /**
   * Runs the due steps in order, and stops before a step that has to wait until older servers have ended. `again` runs every
   * step that this release knows. The caller holds the lease.
   */
  run(context: MigrationContext, again?: boolean): Promise<void>;
}

/** The recorded steps of one database, against the steps that this software knows. */
export function createSchemaSteps(
  { steps }: Pick<VersionModels, 'steps'>,
  servers: Pick<LiveServers, 'minimumSchemaVersion'>,
  migrations: readonly Migration[],
): SchemaSteps {
  const known: KnownStep[] = migrations.map((migration, index) => ({ ...migration, version: index + 1 }));

  const recorded = async () => (await steps.find().sort({ _id: 1 }).lean()) as StepDocument[];

  /** Whether every live server works with the data after this step. */
  async function isAllowed({ minimumServer = 0 }: KnownStep): Promise<boolean> {
    return minimumServer === 0 || (await servers.minimumSchemaVersion()) >= minimumServer;
  }

  /**
   * Records that the step starts, unless it has to wait. Servers record themselves before they read the steps, and
   * this records the step before it reads the servers again. If a step and a server start at once, one of them sees
   * the other.
   */
  async function begin(step: KnownStep): Promise<boolean> {
    if (!(await isAllowed(step))) return false;
    const { version: _id, name, minimumServer = 0 } = step;
    const started = { name, software: version, minimumServer, startedAt: new Date() };
    await steps.updateOne({ _id }, { $setOnInsert: started }, { upsert: true });
    if (await isAllowed(step)) return true;
    await steps.deleteOne({ _id, finishedAt: trusted({ $exists: false }) });
    return false;
  }

  async function runStep(step: KnownStep, context: MigrationContext): Promise<void> {
    const fields = { version: step.version, name: step.name };
    context.log('info', 'a migration step starts', fields);
    await step.run(context);
    context.signal.throwIfAborted();
    const isOutdated = (await servers.minimumSchemaVersion()) < step.version;
    await steps.updateOne(
      { _id: step.version },
      compact({
        $set: compact({ finishedAt: new Date(), isOutdated: isOutdated ? (true as const) : undefined }),
        $unset: isOutdated ? undefined : { isOutdated: 1 },
      }),
    );
    context.log('info', 'a migration step has finished', { ...fields, runsAgain: isOutdated });
  }

  /** The steps that may run now, in order, up to one that has to wait. A finished step runs again once every live server knows it. */
  async function due(again: boolean): Promise<KnownStep[]> {
    const minimum = await servers.minimumSchemaVersion();
    const found = new Map((await recorded()).map((step) => [step._id, step]));
    const todo = known.filter((step) => {
      const { finishedAt, isOutdated } = found.get(step.version) ?? {};
      return again || !finishedAt || (isOutdated && minimum >= step.version);
    });
    const waiting = todo.findIndex(({ minimumServer = 0 }) => minimumServer > minimum);
    return waiting === -1 ? todo : todo.slice(0, waiting);
  }

  return {
    async assertSupported() {
      // A step that does not name the servers it needs is not known to work with this one.
      const isUnsupported = ({ _id, minimumServer }: StepDocument) =>
        _id > known.length && !(minimumServer <= known.length);
      const unsupported = (await recorded()).findLast(isUnsupported);
      if (unsupported) throw new Error(sentenceOf(unsupported, known.length));
    },

    async version() {
      const finished = (await recorded()).filter(({ finishedAt }) => finishedAt);
      return finished.at(-1)?._id ?? 0;
    },

    async hasDue() {
      return (await due(false)).length > 0;
    },

    async isNewest() {
      return (await recorded()).every(({ _id }) => _id <= known.length);
    },

    async pending() {
      const found = new Map((await recorded()).map((step) => [step._id, step]));
      return known.flatMap(({ name, version: step }) => {
        const { finishedAt, isOutdated = false } = found.get(step) ?? {};
        return finishedAt && !isOutdated ? [] : [{ version: step, name, isRepeated: isOutdated }];
      });
    },

    async markOutdated() {
      const minimum = await servers.minimumSchemaVersion();
      if (minimum >= known.length) return;
      const beyond = { _id: trusted({ $gt: minimum, $lte: known.length }) };
      await steps.updateMany(
        { ...beyond, finishedAt: trusted({ $exists: true }) },
        { $set: { isOutdated: true } },
      );
    },

    async run(context, again = false) {
      for (const step of await due(again)) {
        context.signal.throwIfAborted();
        if (!(await begin(step))) return;
        await runStep(step, context);
      }
    },
  };
}

type KnownStep = Migration & { readonly version: number };

function sentenceOf({ _id, software }: Partial<StepDocument>, supported: number): string {
  const release = software === undefined ? 'a newer release' : `release ${software}`;
  return (
    `The database has schema version ${_id}, written by ${release} of Parley. ` +
    `This is release ${version}, which supports schema versions up to ${supported}. ` +
    `Start ${release} or a newer one instead, or restore a backup from before the upgrade.`
  );
}
