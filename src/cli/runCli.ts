import { UserFacingError } from '../base/errors.ts';
import type { Command } from './command.ts';
import { commands } from './commands.ts';
import { exitCodes } from './exitCodes.ts';
import { commandHelp, overview } from './helpText.ts';
import { nearest } from './nearest.ts';
import { parseCommandLine, UsageError } from './parseCommandLine.ts';
import { NotRunningError } from './serverConnection.ts';
import type { Terminal } from './terminal.ts';
import { version } from './version.ts';

/** Runs one command line and answers the exit code. Nothing is thrown: every failure has been printed. */
export async function runCli(args: readonly string[], terminal: Terminal): Promise<number> {
  try {
    return await dispatch(args, terminal);
  } catch (error) {
    return explain(error, terminal);
  }
}

async function dispatch(args: readonly string[], terminal: Terminal): Promise<number> {
  const [name, ...rest] = args;
  if (name === undefined || name === '--help' || name === '-h') return printAll(terminal, overview(commands, terminal.style));
  if (name === '--version' || name === '-v') return printAll(terminal, [version()]);
  if (name === 'help') {
    const topic = rest[0];
    return printAll(terminal, topic === undefined ? overview(commands, terminal.style) : commandHelp(requireCommand(topic), terminal.style));
  }
  const command = requireCommand(name);
  const { options, operands, help } = parseCommandLine(command, rest.map((arg) => (arg === '-h' ? '--help' : arg)));
  if (help) return printAll(terminal, commandHelp(command, terminal.style));
  return await command.run({ options, operands, terminal });
}

function requireCommand(name: string): Command {
  const command = commands.find((candidate) => candidate.name === name);
  if (command) return command;
  if (name.startsWith('-')) throw new UsageError(`haneul has no option ${name}.`, 'See: npx haneul --help');
  const guess = nearest(name, [...commands.map((candidate) => candidate.name), 'help']);
  throw new UsageError(`haneul has no command "${name}".`, guess === undefined ? 'See: npx haneul --help' : `Did you mean: npx haneul ${guess}`);
}

function printAll(terminal: Terminal, lines: readonly string[]): number {
  for (const line of lines) terminal.print(line);
  return exitCodes.done;
}

function explain(error: unknown, terminal: Terminal): number {
  const { noteStyle } = terminal;
  if (!(error instanceof UserFacingError)) {
    terminal.note(`${noteStyle.bad('haneul:')} unexpected failure; this is a defect in Haneul, please report it with the lines below`);
    terminal.note(error instanceof Error ? (error.stack ?? error.message) : String(error));
    return exitCodes.failed;
  }
  terminal.note(`${noteStyle.bad('haneul:')} ${error.message}`);
  if (error.hint !== undefined) terminal.note(`  ${error.hint}`);
  if (error instanceof UsageError) return exitCodes.usage;
  return error instanceof NotRunningError ? exitCodes.notRunning : exitCodes.failed;
}
