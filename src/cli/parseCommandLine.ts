import { parseArgs } from 'node:util';
import { UserFacingError } from '../base/errors.ts';
import type { Command, OptionSpec, OptionSpecs, ParsedOptions } from './command.ts';
import { nearest } from './nearest.ts';

/** The command line itself is wrong: exit code 2. */
export class UsageError extends UserFacingError {
  constructor(message: string, hint?: string) {
    super(message, hint);
    this.name = 'UsageError';
  }
}

export interface ParsedCommandLine {
  readonly options: ParsedOptions;
  readonly operands: readonly string[];
  readonly help: boolean;
}

/** Reads the arguments of one command. Everything it does not know is refused with the nearest thing it does know. */
export function parseCommandLine(command: Command, args: readonly string[]): ParsedCommandLine {
  const specs: OptionSpecs = { ...command.options, help: { type: 'boolean', summary: '' } };
  const config = Object.fromEntries(Object.entries(specs).map(([name, spec]) => [name, { type: spec.type }]));
  const { tokens } = parseArgs({ args: [...args], options: config, strict: false, allowPositionals: true, tokens: true });
  const options: Record<string, string | boolean | undefined> = {};
  for (const [name, spec] of Object.entries(command.options)) options[name] = spec.type === 'boolean' ? false : undefined;
  const operands: string[] = [];
  for (const token of tokens) {
    if (token.kind === 'positional') operands.push(token.value);
    if (token.kind === 'option') options[token.name] = valueOf(command, specs[token.name], token);
  }
  const help = options['help'] === true;
  if (!help) checkOperands(command, operands);
  return { options, operands, help };
}

interface OptionToken {
  readonly name: string;
  readonly rawName: string;
  readonly value: string | undefined;
  readonly inlineValue: boolean | undefined;
}

function valueOf(command: Command, spec: OptionSpec | undefined, token: OptionToken): string | boolean {
  if (!spec) throw unknownOption(command, token);
  if (spec.type === 'boolean') {
    if (token.value !== undefined) throw new UsageError(`${token.rawName} takes no value.`, helpHint(command));
    return true;
  }
  const { value } = token;
  const looksLikeOption = value !== undefined && token.inlineValue !== true && value.length > 1 && value.startsWith('-');
  if (value === undefined || value === '' || looksLikeOption) {
    throw new UsageError(`${token.rawName} needs a value: ${token.rawName} ${spec.placeholder ?? 'VALUE'}.`, helpHint(command));
  }
  if (spec.choices && !spec.choices.includes(value)) {
    const guess = nearest(value, spec.choices);
    throw new UsageError(
      `${token.rawName} is ${spec.choices.join(', ').replace(/, ([^,]*)$/, ' or $1')}, not "${value}".`,
      guess === undefined ? helpHint(command) : `Did you mean ${token.rawName} ${guess}?`,
    );
  }
  return value;
}

function unknownOption(command: Command, token: OptionToken): UsageError {
  const known = [...Object.keys(command.options), 'help'];
  const guess = nearest(token.name, known);
  return new UsageError(
    `haneul ${command.name} has no option ${token.rawName}.`,
    guess === undefined ? helpHint(command) : `Did you mean --${guess}?`,
  );
}

function checkOperands(command: Command, operands: readonly string[]): void {
  const wanted = command.operands ?? [];
  const missing = wanted[operands.length];
  if (missing !== undefined) throw new UsageError(`haneul ${command.name} needs ${missing}.`, helpHint(command));
  const extra = operands[wanted.length + (command.optionalOperands ?? []).length];
  if (extra !== undefined) throw new UsageError(`haneul ${command.name} does not take "${extra}".`, helpHint(command));
}

function helpHint(command: Command): string {
  return `See: npx haneul ${command.name} --help`;
}
