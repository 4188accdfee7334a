import type { Command } from 'commander';
import type { CommandContext } from '../command.ts';
import type { CheckTarget, Finding } from '../doctor/check.ts';
import { checkKey, checkOrigin } from '../doctor/key-checks.ts';
import { checkModel } from '../doctor/model-check.ts';
import { checkReady, checkServer, checkVersion } from '../doctor/server-checks.ts';
import { exitCodes } from '../exit-codes.ts';
import { DEFAULT_URL, type GlobalOptions, resolveAccess } from '../session.ts';
import { type Terminal, withoutControls } from '../terminal.ts';

interface DoctorOptions extends GlobalOptions {
  readonly deep?: true;
  readonly origin?: string;
}

/** Adds `parley doctor`. */
export function doctorCommand(program: Command, context: CommandContext): void {
  program
    .command('doctor')
    .description('find problems, and say how to fix them')
    .option(
      '--deep',
      'also check that a model answers: sends one message in a chat that is deleted afterwards',
    )
    .option('--origin <origin>', 'also check that pages of this origin may use the key')
    .action((_, command: Command) => doctor(context, command.optsWithGlobals()));
}

async function doctor(context: CommandContext, options: DoctorOptions): Promise<void> {
  const { terminal } = context;
  const findings: Finding[] = [];
  const target = await checkTargetOf(context, options);
  for (const check of checksOf(options)) {
    const found = await check(target).catch(broken);
    findings.push(...found);
    if (!options.json) for (const finding of found) show(terminal, finding);
    // Without a server the other checks cannot run.
    if (found.some(({ name, status }) => name === 'server' && status === 'fail')) break;
  }
  if (options.json) terminal.print(JSON.stringify({ checks: findings }));
  if (findings.some(({ status }) => status === 'fail')) process.exitCode = exitCodes.failure;
}

function checksOf({ origin, deep }: DoctorOptions): ((target: CheckTarget) => Promise<Finding[]>)[] {
  return [
    checkServer,
    checkReady,
    checkVersion,
    checkKey,
    ...(origin === undefined ? [] : [(target: CheckTarget) => checkOrigin(target, origin)]),
    ...(deep ? [checkModel] : []),
  ];
}

/** Without a login the other checks still run. */
async function checkTargetOf(context: CommandContext, options: DoctorOptions): Promise<CheckTarget> {
  const access = await resolveAccess(options, context.env).catch(() => undefined);
  const url = access?.url ?? options.url ?? context.env.url ?? DEFAULT_URL;
  return { ...context, url: url.replace(/\/+$/, ''), access };
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
