import { calls } from './functions.ts';
import { parseAtom, parseCondition, parseExpression } from './parseExpression.ts';
import { createQueryScanner } from './scanner.ts';
import type { QueryScanner } from './scanner.ts';
import { aggregateNames } from './syntax.ts';
import type { Column, Command, Expression, ParsePattern, SortKey } from './syntax.ts';

const refusedCommands = ['pattern', 'diff', 'anomaly', 'unmask', 'unnest', 'filterindex', 'lookup', 'join', 'source', 'append', 'addtotals', 'relevantfields', 'expand'];
const resultsMax = 10_000;

/**
 * Compiles the text of a query to its commands; throws a {@link QuerySyntaxError}.
 * https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/CWL_QuerySyntax.html
 */
export function parseQuery(text: string): Command[] {
  const scanner = createQueryScanner(text);
  if (scanner.isAtEnd()) return [];
  const commands: Command[] = [];
  do commands.push(parseCommand(scanner));
  while (scanner.take('|'));
  if (!scanner.isAtEnd()) scanner.refuse();
  return commands;
}

function parseCommand(scanner: QueryScanner): Command {
  const word = scanner.takeWord('fields', 'display', 'filter', 'where', 'parse', 'stats', 'sort', 'order', 'limit', 'head', 'dedup');
  if (word === undefined) {
    const refused = scanner.takeWord(...refusedCommands);
    return scanner.refuse(refused === undefined ? undefined : `The command ${refused} is not supported.`);
  }
  if (word === 'fields' || word === 'display') return { kind: word, columns: parseColumns(scanner) };
  if (word === 'filter' || word === 'where') return { kind: 'filter', condition: checked(scanner, parseCondition(scanner)) };
  if (word === 'parse') return parseParse(scanner);
  if (word === 'stats') return parseStats(scanner);
  if (word === 'limit' || word === 'head') {
    const count = scanner.readNumber() ?? scanner.refuse();
    if (!Number.isInteger(count) || count < 1 || count > resultsMax) scanner.refuse(`The limit must be a number from 1 to ${resultsMax}.`);
    return { kind: 'limit', count };
  }
  if (word === 'dedup') return { kind: 'dedup', by: parseColumns(scanner).map(({ expression }) => expression) };
  scanner.takeWord('by');
  const keys: SortKey[] = [];
  do {
    const expression = checked(scanner, parseExpression(scanner));
    const order = scanner.takeWord('asc', 'desc');
    keys.push({ expression, descending: order === 'desc' });
  } while (scanner.take(','));
  return { kind: 'sort', keys };
}

function parseColumns(scanner: QueryScanner, isAggregate = false): Column[] {
  const columns: Column[] = [];
  do {
    const start = scanner.place();
    const parsed = parseExpression(scanner);
    const expression = isAggregate ? checkedAggregate(scanner, parsed) : checked(scanner, parsed);
    const text = expression.kind === 'field' ? expression.name : scanner.textFrom(start);
    columns.push({ name: scanner.takeWord('as') ? (scanner.readName() ?? scanner.refuse()) : text, expression });
  } while (scanner.take(','));
  return columns;
}

function parseStats(scanner: QueryScanner): Command {
  const columns = parseColumns(scanner, true);
  return { kind: 'stats', columns, by: scanner.takeWord('by') ? parseColumns(scanner) : [] };
}

function parseParse(scanner: QueryScanner): Command {
  let of: Expression = { kind: 'field', name: '@message' };
  let pattern = parsePattern(scanner);
  if (!pattern) {
    // A slash behind it begins a regular expression: it is no quotient.
    of = checked(scanner, parseAtom(scanner));
    pattern = parsePattern(scanner) ?? scanner.refuse();
  }
  const names: string[] = [];
  if (scanner.takeWord('as')) {
    do names.push(scanner.readName() ?? scanner.refuse());
    while (scanner.take(','));
  }
  if (pattern.kind === 'glob') {
    const stars = pattern.text.split('*').length - 1;
    if (stars === 0 || stars !== names.length) scanner.refuse(`The parse command has ${stars} wildcards and ${names.length} names.`);
    return { kind: 'parse', of, pattern, names };
  }
  const named = [...pattern.source.matchAll(/\(\?<([\p{L}_$][\p{L}\p{N}_$]*)>/gu)].map(([, name = '']) => name);
  if (names.length === 0 && named.length === 0) scanner.refuse('The regular expression of the parse command needs named groups.');
  return { kind: 'parse', of, pattern, names: names.length > 0 ? names : named };
}

function parsePattern(scanner: QueryScanner): ParsePattern | undefined {
  const text = scanner.readText();
  if (text !== undefined) return { kind: 'glob', text };
  const regex = scanner.readRegex();
  return regex ? { kind: 'regex', ...regex } : undefined;
}

/** Refuses functions that are none. */
function checked(scanner: QueryScanner, expression: Expression): Expression {
  walk(expression, ({ name, args }) => {
    if (aggregateNames.has(name)) scanner.refuse(`The aggregate function ${name} can be used in the stats command only.`);
    const known = calls.get(name) ?? scanner.refuse(`Unknown function: ${name}`);
    if (args.length < known.min || args.length > known.max) scanner.refuse(`Invalid arguments for the function ${name}`);
  });
  return expression;
}

/** The same within `stats`, where aggregates are calls as well, but not of each other. */
function checkedAggregate(scanner: QueryScanner, expression: Expression): Expression {
  if (expression.kind === 'call') {
    const arity = aggregateNames.get(expression.name);
    if (arity) {
      if (expression.args.length < arity[0] || expression.args.length > arity[1]) scanner.refuse(`Invalid arguments for the function ${expression.name}`);
      for (const arg of expression.args) checked(scanner, arg);
      return expression;
    }
    if (!calls.has(expression.name)) scanner.refuse(`Unknown function: ${expression.name}`);
  }
  // What comes of aggregates is worked out beside the server's other work, where no regular expression of a user may run.
  if (expression.kind === 'matches') scanner.refuse('A regular expression cannot be applied to the result of an aggregate function.');
  for (const child of childrenOf(expression)) checkedAggregate(scanner, child);
  return expression;
}

function walk(expression: Expression, visit: (call: Extract<Expression, { kind: 'call' }>) => void): void {
  if (expression.kind === 'call') visit(expression);
  for (const child of childrenOf(expression)) walk(child, visit);
}

/** The expressions that an expression is made of. */
export function childrenOf(expression: Expression): readonly Expression[] {
  switch (expression.kind) {
    case 'call':
      return expression.args;
    case 'binary':
      return [expression.left, expression.right];
    case 'in':
      return [expression.of, ...expression.items];
    case 'not':
    case 'matches':
    case 'contains':
      return [expression.of];
    default:
      return [];
  }
}
