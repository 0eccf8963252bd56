import { patternDepthMax, patternWildcardsMax, selectorWildcardsMax } from '../../limits.ts';
import { parseComparison, parseOperator } from './comparison.ts';
import { invalidPattern } from './errors.ts';
import type { ParsedPattern, RegexCompiler } from './parseFilterPattern.ts';
import { createScanner } from './scanner.ts';
import type { Scanner } from './scanner.ts';
import { parseQuoted } from './termPattern.ts';
import { holdsForEvery, holdsForSome } from './turn.ts';
import type { Verdict } from './turn.ts';

type Test = (document: unknown) => Verdict;
/** A property's name, an element's number, or all of either. */
type Step = string | number | typeof all;
const all = Symbol('all');

interface Parsing {
  readonly scanner: Scanner;
  readonly compile: RegexCompiler;
  /** By their text. */
  readonly selectors: Map<string, readonly Step[]>;
  depth: number;
  wildcards: number;
}

/** Compiles `{ … }`: conditions on properties of a JSON message, with `&&`, `||` and parentheses (in this order of strength). */
export function parseJsonPattern(text: string, compile: RegexCompiler): ParsedPattern {
  const scanner = createScanner(text);
  scanner.take('{');
  const selectors = new Map<string, readonly Step[]>();
  const test = parseOr({ scanner, compile, selectors, depth: 0, wildcards: 0 });
  if (!scanner.take('}') || !scanner.isAtEnd()) scanner.refuse();
  return {
    matches(message) {
      const document = parseDocument(message);
      return document === undefined ? false : test(document);
    },
    extract(message) {
      const document = parseDocument(message);
      const values = [...selectors].map(([name, steps]) => [name, select(document, steps)[0]] as const).filter(([, value]) => value !== undefined);
      return Object.fromEntries(values.map(([name, value]) => [name, typeof value === 'string' ? value : JSON.stringify(value)]));
    },
  };
}

/** Compiles a selector by itself: the first value that it leads to in a message, or undefined. */
export function parseSelector(text: string): (message: string) => unknown {
  const scanner = createScanner(text);
  const steps = parseSteps({ scanner, compile: () => scanner.refuse(), selectors: new Map(), depth: 0, wildcards: 0 });
  if (!scanner.isAtEnd()) scanner.refuse();
  return (message) => select(parseDocument(message), steps)[0];
}

/** Undefined for what is not a JSON object or array: such a message matches no JSON pattern. */
function parseDocument(message: string): object | undefined {
  if (!/^\s*[{[]/.test(message)) return undefined;
  try {
    return JSON.parse(message) as object;
  } catch {
    return undefined;
  }
}

function parseOr(parsing: Parsing): Test {
  const tests = [parseAnd(parsing)];
  while (parsing.scanner.take('||')) tests.push(parseAnd(parsing));
  return (document) => holdsForSome(tests, (test) => test(document));
}

function parseAnd(parsing: Parsing): Test {
  const tests = [parseCondition(parsing)];
  while (parsing.scanner.take('&&')) tests.push(parseCondition(parsing));
  return (document) => holdsForEvery(tests, (test) => test(document));
}

function parseCondition(parsing: Parsing): Test {
  const { scanner } = parsing;
  if (!scanner.take('(')) return parseTest(parsing);
  parsing.depth += 1;
  if (parsing.depth > patternDepthMax) throw invalidPattern();
  const test = parseOr(parsing);
  if (!scanner.take(')')) scanner.refuse();
  parsing.depth -= 1;
  return test;
}

function parseTest(parsing: Parsing): Test {
  const { scanner, compile } = parsing;
  const steps = parseSteps(parsing);
  const word = scanner.match(/^[A-Za-z]+(?![A-Za-z])/)?.toUpperCase();
  if (word === 'EXISTS') return (document) => select(document, steps).length > 0;
  if (word === 'NOT') {
    if (scanner.match(/^exists\b/i) === undefined) scanner.refuse();
    return (document) => select(document, steps).length === 0;
  }
  if (word === 'IS') {
    const literal = scanner.match(/^(?:true|false|null)\b/i)?.toLowerCase() ?? scanner.refuse();
    const wanted: unknown = JSON.parse(literal);
    return (document) => select(document, steps).some((value) => value === wanted);
  }
  if (word !== undefined) throw invalidPattern();
  const comparison = parseComparison(scanner, parseOperator(scanner), compile);
  // A condition applies to a string, a number or a boolean; to an object or an array neither "=" nor "!=" does (User Guide).
  return (document) =>
    holdsForSome(select(document, steps), (value) => {
      if (typeof value === 'number') return comparison.matchesAny || comparison.matchesNumber(value);
      if (typeof value === 'string') return comparison.matchesText(value);
      return typeof value === 'boolean' && comparison.matchesText(String(value));
    });
}

/** `$.a.b`, `$.a[0]`, `$.a[*].b`, `$.*`, `$['a b']`. */
function parseSteps(parsing: Parsing): Step[] {
  const { scanner } = parsing;
  const start = scanner.place();
  if (!scanner.take('$')) scanner.refuse();
  const steps: Step[] = [];
  for (;;) {
    if (scanner.match(/^\.(?!\[)/)) {
      steps.push(scanner.match(/^[\p{L}\p{N}_-]+/u) ?? parseAll(scanner, start));
    } else if (scanner.match(/^\.?\[/)) {
      const index = scanner.match(/^[0-9]{1,9}/);
      const quote = scanner.peek();
      if (index !== undefined) steps.push(Number(index));
      else if (quote === '"') steps.push(scanner.read(parseQuoted));
      else if (quote === "'") steps.push((scanner.match(/^'[^']*'/) ?? scanner.refuse()).slice(1, -1));
      else steps.push(parseAll(scanner, start));
      if (!scanner.take(']')) scanner.refuse();
    } else break;
  }
  if (steps.length === 0) scanner.refuse();
  const wildcards = steps.filter((step) => step === all).length;
  parsing.wildcards += wildcards;
  if (wildcards > selectorWildcardsMax || parsing.wildcards > patternWildcardsMax) throw invalidPattern();
  parsing.selectors.set(scanner.textFrom(start).trimEnd(), steps);
  return steps;
}

function parseAll(scanner: Scanner, selectorStart: number): typeof all {
  // The service names the selector as far as it has read it: `Invalid character(s) in term '$."'`.
  return scanner.take('*') ? all : scanner.refuse(selectorStart);
}

/** The values that a selector leads to: none, one, or with a wildcard any number. */
function select(document: unknown, steps: readonly Step[]): unknown[] {
  let values: unknown[] = [document];
  for (const step of steps) {
    values = values.flatMap((value): unknown[] => {
      if (typeof value !== 'object' || value === null) return [];
      if (step === all) return Object.values(value);
      if (Array.isArray(value) !== (typeof step === 'number')) return [];
      return Object.hasOwn(value, step) ? [(value as Record<string | number, unknown>)[step]] : [];
    });
    if (values.length === 0) break;
  }
  return values;
}
