#!/usr/bin/env node
/**
 * The command `sluice`. Each subcommand is a file of its own in commands/, loaded when it is called, so
 * that `--help` and short runs start quickly. A user's mistake ends in one line and exit code 2.
 */
import { Command, CommanderError } from 'commander';
import { NetError } from '../base/errors.ts';
import { addAnalyzeCommand } from './commands/analyze.ts';
import { addListCommand } from './commands/list.ts';
import { addMatrixCommand } from './commands/matrix.ts';
import { addNewCommand } from './commands/new.ts';
import { addPacketdrillCommand } from './commands/packetdrill.ts';
import { addReplayCommand } from './commands/replay.ts';
import { addRunCommand } from './commands/run.ts';
import { addValidateCommand } from './commands/validate.ts';
import { readPackageVersion } from './package-version.ts';

const USER_MISTAKE = 2;

function buildProgram(): Command {
  const program = new Command('sluice')
    .description('User-space network stack and transport emulator: captures through emulated links')
    .version(readPackageVersion(), '-V, --version', 'print the version')
    .showHelpAfterError(false)
    .exitOverride()
    .configureOutput({ outputError: () => {} });
  addReplayCommand(program);
  addRunCommand(program);
  addMatrixCommand(program);
  addNewCommand(program);
  addListCommand(program);
  addAnalyzeCommand(program);
  addPacketdrillCommand(program);
  addValidateCommand(program);
  program.allowExcessArguments().action(() => {
    const names = program.commands.map((command) => command.name()).join(', ');
    throw NetError.value(
      'command',
      `one of ${names}; see sluice --help`,
      program.args[0] ?? 'none',
    );
  });
  for (const command of program.commands)
    command.exitOverride().configureOutput({ outputError: () => {} });
  return program;
}

/** Text for a mistake of the user, undefined for an error of ours. */
function describeMistake(error: unknown): string | undefined {
  if (error instanceof NetError) return error.message;
  if (error instanceof CommanderError) return error.message.replace(/^error: /, '');
  return undefined;
}

async function main(): Promise<void> {
  // A reader that closes the pipe early (`| head`) ends the output, not the run in a trace of calls.
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'EPIPE') process.exit(0);
    process.stderr.write(
      `sluice: standard output: expected to write to it, got ${error.message}\n`,
    );
    process.exit(USER_MISTAKE);
  });
  try {
    await buildProgram().parseAsync(process.argv);
  } catch (error) {
    if (error instanceof CommanderError && error.exitCode === 0) return;
    const mistake = describeMistake(error);
    if (mistake === undefined) throw error;
    process.stderr.write(`sluice: ${mistake.replaceAll(/\s*\n\s*/g, ' ')}\n`);
    process.exitCode = USER_MISTAKE;
  }
}

await main();
