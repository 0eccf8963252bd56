// Runs in a thread of its own: what a query does with one row at a time.

import { compileExpression } from './evaluate.ts';
import type { Evaluator } from './evaluate.ts';
import { parseQuery } from './parseQuery.ts';
import { planQuery } from './plan.ts';
import { recordOfEvent, recordOfRow } from './record.ts';
import type { QueryEvent, QueryRecord } from './record.ts';
import type { Column, Command, ParsePattern, Value } from './syntax.ts';
import { isTrue, textOf } from './values.ts';

export interface RowTask {
  readonly query: string;
  readonly limit: number;
  /** Which stage of the plan. */
  readonly stage: number;
  readonly nowMs: number;
  /** One or the other. */
  readonly events?: readonly QueryEvent[];
  readonly rows?: readonly Readonly<Record<string, Value>>[];
}

export interface WorkedRow {
  readonly fields: Readonly<Record<string, Value>>;
  readonly values: readonly Value[];
}

/** The rows that a stage's commands leave, with what its gathering needs. */
export function run({ query, limit, stage: at, nowMs, events, rows = [] }: RowTask): WorkedRow[] {
  const stage = planQuery(parseQuery(query), limit).stages[at];
  if (!stage) return [];
  const commands = stage.rowCommands.map((command) => compileRowCommand(command, nowMs));
  const values = stage.values.map((expression) => compileExpression(expression, nowMs));
  const worked: WorkedRow[] = [];
  for (const record of events ? events.map(recordOfEvent) : rows.map(recordOfRow)) {
    if (!commands.every((command) => command(record))) continue;
    const fields: Record<string, Value> = {};
    for (const name of stage.keep) {
      const value = record.get(name);
      if (value !== undefined) fields[name] = value;
    }
    worked.push({ fields, values: values.map((value) => value(record)) });
  }
  return worked;
}

/** False for a row that goes no further. */
type RowCommand = (record: QueryRecord) => boolean;

function compileRowCommand(command: Command, nowMs: number): RowCommand {
  switch (command.kind) {
    case 'fields':
    case 'display':
      return compileColumns(command.columns, nowMs);
    case 'filter': {
      const condition = compileExpression(command.condition, nowMs);
      return (record) => isTrue(condition(record));
    }
    case 'parse':
      return compileParse(compileExpression(command.of, nowMs), command.pattern, command.names);
    default:
      return () => true;
  }
}

function compileColumns(columns: readonly Column[], nowMs: number): RowCommand {
  const made = columns
    .filter(({ name, expression }) => expression.kind !== 'field' || expression.name !== name)
    .map(({ name, expression }) => [name, compileExpression(expression, nowMs)] as const);
  return (record) => {
    for (const [name, evaluate] of made) record.set(name, evaluate(record));
    return true;
  };
}

function compileParse(of: Evaluator, pattern: ParsePattern, names: readonly string[]): RowCommand {
  const extract = pattern.kind === 'glob' ? globExtractor(pattern.text) : regexExtractor(pattern.source, pattern.flags);
  return (record) => {
    const text = textOf(of(record));
    const found = text === undefined ? undefined : extract(text);
    names.forEach((name, at) => found?.[at] !== undefined && record.set(name, found[at]));
    return true;
  };
}

type Extractor = (text: string) => readonly (string | undefined)[] | undefined;

/** Each `*` is what stands between the texts around it, as little as possible; at the end it is everything that is left. */
function globExtractor(glob: string): Extractor {
  const [first = '', ...rest] = glob.split('*');
  return (text) => {
    const start = text.indexOf(first);
    if (start === -1) return undefined;
    const found: string[] = [];
    let at = start + first.length;
    for (const [index, literal] of rest.entries()) {
      const end = literal === '' && index === rest.length - 1 ? text.length : text.indexOf(literal, at);
      if (end === -1) return undefined;
      found.push(text.slice(at, end));
      at = end + literal.length;
    }
    return found;
  };
}

function regexExtractor(source: string, flags: string): Extractor {
  const regex = new RegExp(source, flags);
  return (text) => regex.exec(text)?.slice(1);
}
