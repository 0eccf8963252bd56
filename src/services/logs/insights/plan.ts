import { childrenOf } from './parseQuery.ts';
import { aggregateNames } from './syntax.ts';
import type { Column, Command, Expression, SortKey } from './syntax.ts';

// A query runs in two places. What looks at one row at a time (fields, filter, parse, and every expression) runs in a thread of its own,
// because regular expressions of users may take forever there; what gathers rows (stats, sort, dedup, limit) runs in the server on values
// that the thread has worked out. A query is cut into stages: rows through the thread, then gathered.

export type Gathering =
  | { readonly kind: 'stats'; readonly aggregates: readonly Aggregate[]; readonly by: readonly string[]; readonly columns: readonly Column[]; readonly aggregateOf: ReadonlyMap<Expression, string> }
  | { readonly kind: 'sort'; readonly descending: readonly boolean[]; readonly keep: number }
  | { readonly kind: 'dedup'; readonly keys: number }
  | { readonly kind: 'limit'; readonly count: number };

export interface Aggregate {
  readonly name: string;
  readonly parameter: number;
}

export interface Stage {
  readonly rowCommands: readonly Command[];
  /** Fields that rows keep beyond this stage. */
  readonly keep: readonly string[];
  /** What the thread works out for the gathering. */
  readonly values: readonly Expression[];
  readonly gathering: Gathering | undefined;
}

export interface Plan {
  readonly stages: readonly Stage[];
  /** The columns of the result. */
  readonly output: readonly string[];
  /** Columns that are times. */
  readonly times: ReadonlySet<string>;
  readonly hasPointer: boolean;
}

const resultsMax = 10_000;

/** Cuts the commands of a query into stages. `limit` is the request's own. */
export function planQuery(commands: readonly Command[], limit: number = resultsMax): Plan {
  const ordered = withOrder(commands, limit);
  const { output, aggregated } = outputOf(ordered);
  const stages: Stage[] = [];
  let rowCommands: Command[] = [];
  for (const [at, command] of ordered.entries()) {
    if (isRowCommand(command)) {
      rowCommands.push(command);
      continue;
    }
    const later = command.kind === 'stats' ? [] : neededBy(ordered.slice(at + 1), output, aggregated);
    stages.push({ rowCommands, keep: later, ...gather(command, ordered[at + 1]) });
    rowCommands = [];
  }
  if (rowCommands.length > 0 || stages.length === 0) stages.push({ rowCommands, keep: neededBy([], output, aggregated), values: [], gathering: undefined });
  return { stages, output, times: timesOf(ordered), hasPointer: !aggregated };
}

const isRowCommand = ({ kind }: Command): boolean => kind === 'fields' || kind === 'display' || kind === 'filter' || kind === 'parse';

/** Without a sort, what is not aggregated comes latest first; without a limit it ends after 10,000 rows. */
function withOrder(commands: readonly Command[], limit: number): Command[] {
  const ordered = [...commands];
  const first = ordered.findIndex((command) => !isRowCommand(command));
  const latestFirst: Command = { kind: 'sort', keys: [{ expression: { kind: 'field', name: '@timestamp' }, descending: true }] };
  const gathers = ordered[first]?.kind;
  if (gathers !== 'stats' && gathers !== 'sort') ordered.splice(first === -1 ? ordered.length : first, 0, latestFirst);
  if (!ordered.some(({ kind }) => kind === 'limit')) ordered.push({ kind: 'limit', count: limit });
  return ordered;
}

function outputOf(commands: readonly Command[]): { output: string[]; aggregated: boolean } {
  let output: string[] = [];
  let displayed = false;
  let aggregated = false;
  const add = (names: readonly string[]): void => void (output = [...output, ...names.filter((name) => !output.includes(name))]);
  for (const command of commands) {
    if (command.kind === 'fields' && !displayed) add(command.columns.map(({ name }) => name));
    if (command.kind === 'parse' && !displayed && output.length > 0) add(command.names);
    if (command.kind === 'display') {
      // "If you specify a display command more than once, only the last one is used" (CWL_QuerySyntax-Display).
      output = command.columns.map(({ name }) => name);
      displayed = true;
    }
    if (command.kind === 'stats') {
      output = [...command.by, ...command.columns].map(({ name }) => name);
      displayed = false;
      aggregated = true;
    }
  }
  return { output: output.length === 0 ? ['@timestamp', '@message'] : output, aggregated };
}

/** Fields that the commands read, up to the next one that aggregates, and the columns of the result where none does. */
function neededBy(commands: readonly Command[], output: readonly string[], aggregated: boolean): string[] {
  const needed = new Set<string>(aggregated ? [] : ['@ptr']);
  for (const command of commands) {
    for (const expression of expressionsOf(command)) for (const name of fieldsOf(expression)) needed.add(name);
    if (command.kind === 'stats') return [...needed];
  }
  for (const name of output) needed.add(name);
  return [...needed];
}

function expressionsOf(command: Command): readonly Expression[] {
  switch (command.kind) {
    case 'fields':
    case 'display':
      return command.columns.map(({ expression }) => expression);
    case 'filter':
      return [command.condition];
    case 'parse':
      return [command.of];
    case 'stats':
      return [...command.columns, ...command.by].map(({ expression }) => expression);
    case 'sort':
      return command.keys.map(({ expression }) => expression);
    case 'dedup':
      return command.by;
    case 'limit':
      return [];
  }
}

function fieldsOf(expression: Expression): string[] {
  const own = expression.kind === 'field' ? [expression.name] : expression.kind === 'call' && expression.name === 'bin' ? ['@timestamp'] : [];
  return [...own, ...childrenOf(expression).flatMap(fieldsOf)];
}

function gather(command: Command, next: Command | undefined): Pick<Stage, 'values' | 'gathering'> {
  switch (command.kind) {
    case 'stats':
      return gatherStats(command.columns, command.by);
    case 'sort':
      return gatherSort(command.keys, next?.kind === 'limit' ? next.count : resultsMax);
    case 'dedup':
      return { values: command.by, gathering: { kind: 'dedup', keys: command.by.length } };
    case 'limit':
      return { values: [], gathering: { kind: 'limit', count: command.count } };
    default:
      return { values: [], gathering: undefined };
  }
}

const gatherSort = (keys: readonly SortKey[], keep: number): Pick<Stage, 'values' | 'gathering'> => ({
  values: keys.map(({ expression }) => expression),
  gathering: { kind: 'sort', descending: keys.map(({ descending }) => descending), keep },
});

// Values come as: those to group by, then for each aggregate its argument and @timestamp (for earliest and latest).
function gatherStats(columns: readonly Column[], by: readonly Column[]): Pick<Stage, 'values' | 'gathering'> {
  const aggregates: Aggregate[] = [];
  const args: Expression[] = [];
  const aggregateOf = new Map<Expression, string>();
  const visit = (expression: Expression): void => {
    if (expression.kind !== 'call' || !aggregateNames.has(expression.name)) return childrenOf(expression).forEach(visit);
    const [argument, parameter] = expression.args;
    aggregateOf.set(expression, aggregateColumn(aggregates.length));
    aggregates.push({ name: expression.name, parameter: parameter?.kind === 'literal' ? Number(parameter.value) : 50 });
    args.push(argument ?? { kind: 'literal', value: 1 });
  };
  for (const { expression } of columns) visit(expression);
  const values = [...by.map(({ expression }) => expression), { kind: 'field', name: '@timestamp' } as const, ...args];
  return { values, gathering: { kind: 'stats', aggregates, by: by.map(({ name }) => name), columns, aggregateOf } };
}

/** Where the result of an aggregate stands while its row is made; no field can have such a name. */
export const aggregateColumn = (at: number): string => `\u0000${at}`;

function timesOf(commands: readonly Command[]): Set<string> {
  const times = new Set(['@timestamp', '@ingestionTime']);
  for (const command of commands) {
    if (command.kind !== 'fields' && command.kind !== 'display') continue;
    for (const { name, expression } of command.columns) if (expression.kind === 'field' && times.has(expression.name)) times.add(name);
  }
  return times;
}
