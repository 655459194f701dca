/** The command: its parts, its help, and how it ends. */
import { readFileSync } from 'node:fs';
import { Command } from 'commander';
import { auditCommand } from './audit.ts';
import { conformanceCommand } from './conformance.ts';
import { controlCommand } from './control.ts';
import { EXIT_CODES_HELP, Exit, exitCode, sentence } from './exit.ts';
import { journalCommand } from './journal.ts';
import { lsCommand } from './ls.ts';
import { pubCommand } from './pub.ts';
import { relayCommand } from './relay.ts';
import { serveCommand } from './serve.ts';
import { subCommand } from './sub.ts';
import type { Terminal } from './terminal.ts';

const commands = [
  serveCommand,
  pubCommand,
  subCommand,
  relayCommand,
  controlCommand,
  auditCommand,
  journalCommand,
  lsCommand,
  conformanceCommand,
];

/** Runs what the arguments say and resolves with the exit code; never rejects. What went wrong is one sentence on standard error. */
export async function runnel(args: readonly string[], terminal: Terminal): Promise<number> {
  try {
    await program(terminal).parseAsync(args, { from: 'user' });
    return Exit.ok;
  } catch (error) {
    const said = sentence(error);
    if (said !== undefined) terminal.stderr.write(`runnel: ${said}\n`);
    return exitCode(error);
  }
}

function program(terminal: Terminal): Command {
  const command = new Command('runnel')
    .description('Trickle from the command line: channels of segments over HTTP, and the telemetry that rides on them.')
    .version(version());
  for (const make of commands) command.addCommand(make(terminal));
  for (const each of [command, ...command.commands.flatMap((each) => [each, ...each.commands])]) {
    each.exitOverride().configureOutput({
      writeOut: (text) => terminal.stdout.write(text),
      writeErr: (text) => terminal.stderr.write(text),
    });
    each.showHelpAfterError('(--help says more)').addHelpText('after', EXIT_CODES_HELP);
  }
  return command;
}

function version(): string {
  const { version } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8'));
  return String(version);
}
