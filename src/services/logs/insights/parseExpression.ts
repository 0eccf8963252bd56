import type { QueryScanner } from './scanner.ts';
import type { BinaryOperator, Expression } from './syntax.ts';

const depthMax = 64;
const comparisons = ['!=', '<=', '>=', '=', '<', '>'] as const;

/** `or`, the weakest of all. */
export function parseCondition(scanner: QueryScanner, depth = 0): Expression {
  if (depth > depthMax) scanner.refuse('The expression is nested too deeply.');
  let left = parseAnd(scanner, depth + 1);
  while (scanner.takeWord('or')) left = { kind: 'binary', operator: 'or', left, right: parseAnd(scanner, depth + 1) };
  return left;
}

/** An expression: the whole language of conditions stands here as well, as in `fields a > 1 as large`. */
export function parseExpression(scanner: QueryScanner, depth = 0): Expression {
  return parseCondition(scanner, depth);
}

function parseAnd(scanner: QueryScanner, depth: number): Expression {
  let left = parseNot(scanner, depth);
  while (scanner.takeWord('and')) left = { kind: 'binary', operator: 'and', left, right: parseNot(scanner, depth) };
  return left;
}

function parseNot(scanner: QueryScanner, depth: number): Expression {
  let negated = false;
  while (scanner.takeWord('not')) negated = !negated;
  const of = parseComparison(scanner, depth);
  return negated ? { kind: 'not', of } : of;
}

function parseComparison(scanner: QueryScanner, depth: number): Expression {
  const of = parseSum(scanner, depth);
  if (scanner.take('=~')) return parseMatch(scanner, of);
  for (const operator of comparisons) {
    if (!scanner.take(operator)) continue;
    if (operator === '=') scanner.take('=');
    return { kind: 'binary', operator, left: of, right: parseSum(scanner, depth) };
  }
  const word = scanner.takeWord('like', 'in', 'not');
  if (word === undefined) return of;
  const negated = word === 'not';
  const test = negated ? (scanner.takeWord('like', 'in') ?? scanner.refuse()) : word;
  const condition = test === 'like' ? parseMatch(scanner, of) : parseIn(scanner, of, depth);
  return negated ? { kind: 'not', of: condition } : condition;
}

function parseMatch(scanner: QueryScanner, of: Expression): Expression {
  const text = scanner.readText();
  if (text !== undefined) return { kind: 'contains', of, text };
  const regex = scanner.readRegex() ?? scanner.refuse();
  return { kind: 'matches', of, ...regex };
}

function parseIn(scanner: QueryScanner, of: Expression, depth: number): Expression {
  scanner.expect('[');
  const items: Expression[] = [];
  do items.push(parseSum(scanner, depth));
  while (scanner.take(','));
  scanner.expect(']');
  return { kind: 'in', of, items };
}

function parseSum(scanner: QueryScanner, depth: number): Expression {
  let left = parseProduct(scanner, depth);
  for (;;) {
    const operator: BinaryOperator | undefined = scanner.take('+') ? '+' : scanner.take('-') ? '-' : undefined;
    if (!operator) return left;
    left = { kind: 'binary', operator, left, right: parseProduct(scanner, depth) };
  }
}

function parseProduct(scanner: QueryScanner, depth: number): Expression {
  let left = parsePower(scanner, depth);
  for (;;) {
    const operator: BinaryOperator | undefined = scanner.take('*') ? '*' : scanner.take('/') ? '/' : scanner.take('%') ? '%' : undefined;
    if (!operator) return left;
    left = { kind: 'binary', operator, left, right: parsePower(scanner, depth) };
  }
}

function parsePower(scanner: QueryScanner, depth: number): Expression {
  if (depth > depthMax) scanner.refuse('The expression is nested too deeply.');
  const left = parseAtom(scanner, depth);
  return scanner.take('^') ? { kind: 'binary', operator: '^', left, right: parsePower(scanner, depth + 1) } : left;
}

/** A field, a literal, a call, or anything in parentheses. */
export function parseAtom(scanner: QueryScanner, depth = 0): Expression {
  if (depth > depthMax) scanner.refuse('The expression is nested too deeply.');
  scanner.countPart();
  if (scanner.take('(')) {
    const inner = parseCondition(scanner, depth + 1);
    scanner.expect(')');
    return inner;
  }
  if (scanner.take('-')) return { kind: 'binary', operator: '-', left: { kind: 'literal', value: 0 }, right: parseAtom(scanner, depth + 1) };
  const text = scanner.readText();
  if (text !== undefined) return { kind: 'literal', value: text };
  const number = scanner.readNumber();
  if (number !== undefined) return { kind: 'literal', value: number };
  const literal = scanner.takeWord('true', 'false');
  if (literal !== undefined) return { kind: 'literal', value: literal === 'true' ? 1 : 0 };
  const name = scanner.readName() ?? scanner.refuse();
  return scanner.take('(') ? { kind: 'call', name: name.toLowerCase(), args: parseArguments(scanner, depth) } : { kind: 'field', name };
}

function parseArguments(scanner: QueryScanner, depth: number): Expression[] {
  if (scanner.take(')')) return [];
  // count(*) counts events, as count() does.
  if (scanner.take('*')) {
    scanner.expect(')');
    return [];
  }
  const args: Expression[] = [];
  do {
    const period = scanner.readPeriod();
    args.push(period ? { kind: 'literal', value: `${period.count} ${period.unit}` } : parseCondition(scanner, depth + 1));
  } while (scanner.take(','));
  scanner.expect(')');
  return args;
}
