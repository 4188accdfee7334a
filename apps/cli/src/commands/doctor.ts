import type { Command } from 'commander';
import type { World } from '../command.ts';
import type { Finding, Patient } from '../doctor/check.ts';
import { checkKey, checkOrigin } from '../doctor/key-checks.ts';
import { checkModel } from '../doctor/model-check.ts';
import { checkReady, checkServer, checkVersion } from '../doctor/server-checks.ts';
import { exitCodes } from '../exit-codes.ts';
import { DEFAULT_URL, findAccess, type GlobalOptions } from '../session.ts';
import { type Terminal, withoutControls } from '../terminal.ts';

interface DoctorOptions extends GlobalOptions {
  readonly deep?: true;
  readonly origin?: string;
}

/** `parley doctor`. */
export function doctorCommand(program: Command, world: World): void {
  program
    .command('doctor')
    .description('what is wrong, and how to fix it')
    .option('--deep', 'also whether a model answers: sends one message, in a chat that is deleted after')
    .option('--origin <origin>', 'also whether pages of this origin may use the key')
    .action((_, command: Command) => doctor(world, command.optsWithGlobals()));
}

async function doctor(world: World, options: DoctorOptions): Promise<void> {
  const { terminal } = world;
  const findings: Finding[] = [];
  const patient = await patientOf(world, options);
  for (const check of checksOf(options)) {
    const found = await check(patient).catch(broken);
    findings.push(...found);
    if (!options.json) for (const finding of found) show(terminal, finding);
    // Without a server there is nothing more to be found out.
    if (found.some(({ name, status }) => name === 'server' && status === 'fail')) break;
  }
  if (options.json) terminal.print(JSON.stringify({ checks: findings }));
  if (findings.some(({ status }) => status === 'fail')) process.exitCode = exitCodes.failure;
}

function checksOf({ origin, deep }: DoctorOptions): ((patient: Patient) => Promise<Finding[]>)[] {
  return [
    checkServer,
    checkReady,
    checkVersion,
    checkKey,
    ...(origin === undefined ? [] : [(patient: Patient) => checkOrigin(patient, origin)]),
    ...(deep ? [checkModel] : []),
  ];
}

/** Whoever is not logged in is told so among the rest. */
async function patientOf(world: World, options: DoctorOptions): Promise<Patient> {
  const access = await findAccess(options, world.env).catch(() => undefined);
  const url = access?.url ?? options.url ?? world.env.url ?? DEFAULT_URL;
  return { ...world, url: url.replace(/\/+$/, ''), access };
}

function broken(error: unknown): Finding[] {
  return [{ name: 'check', status: 'fail', detail: error instanceof Error ? error.message : String(error) }];
}

const COLOURS = { ok: 'green', warn: 'yellow', fail: 'red' } as const;

function show(terminal: Terminal, { name, status, detail, fix }: Finding): void {
  const mark = terminal.paint(COLOURS[status], status.padEnd(4));
  terminal.print(`${mark}  ${name.padEnd(8)}  ${withoutControls(detail)}`);
  if (fix !== undefined && status !== 'ok') terminal.print(`                → ${withoutControls(fix)}`);
}
