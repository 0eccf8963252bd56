import type { Terminal } from './terminal.ts';

export interface OptionSpec {
  readonly type: 'string' | 'boolean';
  /** What stands for the value in the help, for example `PORT`. */
  readonly placeholder?: string;
  /** The only values allowed. */
  readonly choices?: readonly string[];
  readonly summary: string;
}

export type OptionSpecs = Readonly<Record<string, OptionSpec>>;

type OptionValue<Spec extends OptionSpec> = Spec['type'] extends 'boolean'
  ? boolean
  : (Spec extends { readonly choices: readonly (infer Choice)[] } ? Choice : string) | undefined;

/** The parsed options of a command: flags are always booleans, values are undefined when not given. */
export type OptionValues<Specs extends OptionSpecs> = { readonly [Name in keyof Specs]: OptionValue<Specs[Name]> };

export interface CommandCall<Specs extends OptionSpecs> {
  readonly options: OptionValues<Specs>;
  readonly operands: readonly string[];
  readonly terminal: Terminal;
}

export interface CommandDefinition<Specs extends OptionSpecs> {
  readonly name: string;
  /** One line for the list of commands. */
  readonly summary: string;
  /** Names of the arguments without dashes, for example `['NAME']`; all are required. */
  readonly operands?: readonly string[];
  /** More that may follow them. */
  readonly optionalOperands?: readonly string[];
  readonly options: Specs;
  /** Command lines worth copying. */
  readonly examples?: readonly string[];
  /** More lines for `--help`, below the options. */
  readonly notes?: readonly string[];
  /** Answers the exit code. */
  readonly run: (call: CommandCall<Specs>) => Promise<number>;
}

/** A command whose option types are no longer known, as the dispatcher sees it. */
export type Command = Omit<CommandDefinition<OptionSpecs>, 'run'> & {
  readonly run: (call: Omit<CommandCall<OptionSpecs>, 'options'> & { readonly options: ParsedOptions }) => Promise<number>;
};

/** Options by name, before a command's own types are known. */
export type ParsedOptions = Readonly<Record<string, string | boolean | undefined>>;

/** Declares a command; `call.options` is typed from the declared options. */
export function defineCommand<const Specs extends OptionSpecs>(definition: CommandDefinition<Specs>): Command {
  return definition as unknown as Command;
}
