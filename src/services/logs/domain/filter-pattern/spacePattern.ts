import { extractedFieldsMax, patternDepthMax } from '../../limits.ts';
import { parseComparison, parseOperator } from './comparison.ts';
import { invalidPattern } from './errors.ts';
import type { ParsedPattern, RegexCompiler } from './parseFilterPattern.ts';
import { createScanner } from './scanner.ts';
import type { Scanner } from './scanner.ts';
import { andThen, holdsForEvery, holdsForSome } from './turn.ts';
import type { Verdict } from './turn.ts';

type FieldTest = (value: string) => Verdict;

/** Compiles `[ip, user, ..., status = 4*, bytes > 1000]`: named fields of a message, in order, some with conditions. */
export function parseSpacePattern(text: string, compile: RegexCompiler): ParsedPattern {
  const scanner = createScanner(text);
  scanner.take('[');
  const before: Field[] = [];
  let behind: Field[] | undefined;
  do {
    // "…" stands for any number of fields; only one place can be left open.
    if (scanner.take('...')) {
      if (behind) throw invalidPattern();
      behind = [];
    } else (behind ?? before).push(parseField(scanner, compile));
  } while (scanner.take(','));
  if (!scanner.take(']') || !scanner.isAtEnd()) scanner.refuse();
  const tail = behind;
  const matches = (message: string): Verdict => {
    const fields = splitFields(message);
    if (tail ? fields.length < before.length + tail.length : fields.length !== before.length) return false;
    const tailStart = fields.length - (tail?.length ?? 0);
    return andThen(
      holdsForEvery(before, ({ test }, at) => test(fields[at] ?? '')),
      () => holdsForEvery(tail ?? [], ({ test }, at) => test(fields[tailStart + at] ?? '')),
    );
  };
  return {
    matches,
    // A field without a name goes by its place.
    extract(message) {
      const fields = splitFields(message);
      const tailStart = fields.length - (tail?.length ?? 0);
      const nameAt = (at: number): string => (at < tailStart ? before[at] : tail?.[at - tailStart])?.name ?? String(at + 1);
      return Object.fromEntries(fields.slice(0, extractedFieldsMax).map((field, at) => [`$${nameAt(at)}`, field]));
    },
  };
}

interface Field {
  readonly name: string | undefined;
  readonly test: FieldTest;
}

/** A field: a name (which may be missing), alone or with conditions on it. */
function parseField(scanner: Scanner, compile: RegexCompiler): Field {
  const name = scanner.match(/^[\p{L}\p{N}_-]+/u);
  const next = scanner.peek();
  if (next === ',' || next === ']' || next === '') return { name, test: () => true };
  if (name === undefined && next !== '(') scanner.refuse();
  return { name, test: parseOr({ scanner, compile, name, depth: 0 }) };
}

interface Parsing {
  readonly scanner: Scanner;
  readonly compile: RegexCompiler;
  /** Already read for the first condition. */
  name: string | undefined;
  depth: number;
}

function parseOr(parsing: Parsing): FieldTest {
  const tests = [parseAnd(parsing)];
  while (parsing.scanner.take('||')) tests.push(parseAnd(parsing));
  return (value) => holdsForSome(tests, (test) => test(value));
}

function parseAnd(parsing: Parsing): FieldTest {
  const tests = [parseCondition(parsing)];
  while (parsing.scanner.take('&&')) tests.push(parseCondition(parsing));
  return (value) => holdsForEvery(tests, (test) => test(value));
}

function parseCondition(parsing: Parsing): FieldTest {
  const { scanner, compile } = parsing;
  if (parsing.name === undefined && scanner.take('(')) {
    parsing.depth += 1;
    if (parsing.depth > patternDepthMax) throw invalidPattern();
    const test = parseOr(parsing);
    if (!scanner.take(')')) scanner.refuse();
    parsing.depth -= 1;
    return test;
  }
  // Every condition of a field repeats its name; another field's name there would be read wrongly, so it is looked at no further.
  if (parsing.name === undefined && scanner.match(/^[\p{L}\p{N}_-]+/u) === undefined) scanner.refuse();
  parsing.name = undefined;
  const comparison = parseComparison(scanner, parseOperator(scanner), compile);
  return (value) => comparison.matchesText(value);
}

/** Fields are separated by blanks; what is between square brackets or double quotes is one field, without them. */
export function splitFields(message: string): string[] {
  const fields: string[] = [];
  // Native searches: a text of a megabyte must not take the server's time character by character.
  const word = /\S/g;
  const blank = /\s/g;
  const find = (form: RegExp, from: number): number => {
    form.lastIndex = from;
    return form.exec(message)?.index ?? message.length;
  };
  let at = 0;
  // Once a closing mark is missing it is missing for the rest: looking for it again each time would take quadratic time.
  const absent = new Set<string>();
  for (;;) {
    at = find(word, at);
    if (at >= message.length) return fields;
    const character = message.charAt(at);
    const closing = character === '[' ? ']' : character === '"' ? '"' : undefined;
    if (closing !== undefined && !absent.has(closing)) {
      const end = message.indexOf(closing, at + 1);
      if (end !== -1) {
        fields.push(message.slice(at + 1, end));
        at = end + 1;
        continue;
      }
      absent.add(closing);
    }
    const end = find(blank, at + 1);
    fields.push(message.slice(at, end));
    at = end;
  }
}
