import type { Command, OptionSpec } from './command.ts';
import { exitCodes } from './exitCodes.ts';
import type { Style } from './style.ts';

/** `haneul --help`. */
export function overview(commands: readonly Command[], style: Style): string[] {
  const width = Math.max(...commands.map((command) => usageOf(command).length)) + 2;
  return [
    'Haneul: a serverless cloud in one program, for real AWS clients, on your own machine.',
    '',
    `${style.bold('Usage:')} npx haneul COMMAND [OPTIONS]`,
    '',
    ...commands.map((command) => `  ${style.bold(usageOf(command).padEnd(width))}${command.summary}`),
    '',
    '  npx haneul COMMAND --help   options and examples of one command',
    '  npx haneul --version',
    '',
    `Exit codes: ${exitCodes.done} done, ${exitCodes.failed} failed, ${exitCodes.usage} wrong command line, ${exitCodes.notRunning} no server answers.`,
  ];
}

/** `haneul COMMAND --help`. */
export function commandHelp(command: Command, style: Style): string[] {
  const options = Object.entries(command.options).map(([name, spec]) => ({ flag: flagOf(name, spec), summary: spec.summary }));
  const width = Math.max(0, ...options.map(({ flag }) => flag.length)) + 2;
  return [
    command.summary,
    '',
    `${style.bold('Usage:')} npx haneul ${usageOf(command)}${options.length > 0 ? ' [OPTIONS]' : ''}`,
    ...(options.length > 0 ? ['', ...options.map(({ flag, summary }) => `  ${flag.padEnd(width)}${summary}`)] : []),
    ...(command.notes ? ['', ...command.notes] : []),
    ...(command.examples ? ['', style.bold('Examples:'), ...command.examples.map((example) => `  ${example}`)] : []),
  ];
}

function usageOf(command: Command): string {
  return [command.name, ...(command.operands ?? []), ...(command.optionalOperands ?? []).map((name) => `[${name}]`)].join(' ');
}

function flagOf(name: string, spec: OptionSpec): string {
  if (spec.type === 'boolean') return `--${name}`;
  return `--${name} ${spec.choices?.join('|') ?? spec.placeholder ?? 'VALUE'}`;
}
