import { patternDepthMax } from '../../limits.ts';
import { parseComparison, parseOperator } from './comparison.ts';
import { invalidPattern } from './errors.ts';
import type { RegexCompiler } from './parseFilterPattern.ts';
import { createScanner } from './scanner.ts';
import type { Scanner } from './scanner.ts';

type FieldTest = (value: string) => boolean;

/** Compiles `[ip, user, ..., status = 4*, bytes > 1000]`: named fields of a message, in order, some with conditions. */
export function parseSpacePattern(text: string, compile: RegexCompiler): (message: string) => boolean {
  const scanner = createScanner(text);
  scanner.take('[');
  const before: FieldTest[] = [];
  let behind: FieldTest[] | undefined;
  do {
    // "…" stands for any number of fields; only one place can be left open.
    if (scanner.take('...')) {
      if (behind) throw invalidPattern();
      behind = [];
    } else (behind ?? before).push(parseField(scanner, compile));
  } while (scanner.take(','));
  if (!scanner.take(']') || !scanner.isAtEnd()) scanner.refuse();
  const tail = behind;
  return (message) => {
    const fields = splitFields(message);
    if (tail ? fields.length < before.length + tail.length : fields.length !== before.length) return false;
    const tailStart = fields.length - (tail?.length ?? 0);
    return (
      before.every((test, at) => test(fields[at] ?? '')) && (tail ?? []).every((test, at) => test(fields[tailStart + at] ?? ''))
    );
  };
}

/** A field: a name (which may be missing), alone or with conditions on it. */
function parseField(scanner: Scanner, compile: RegexCompiler): FieldTest {
  const name = scanner.match(/^[\p{L}\p{N}_-]+/u);
  const next = scanner.peek();
  if (next === ',' || next === ']' || next === '') return () => true;
  if (name === undefined && next !== '(') scanner.refuse();
  return parseOr({ scanner, compile, name, depth: 0 });
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
  return (value) => tests.some((test) => test(value));
}

function parseAnd(parsing: Parsing): FieldTest {
  const tests = [parseCondition(parsing)];
  while (parsing.scanner.take('&&')) tests.push(parseCondition(parsing));
  return (value) => tests.every((test) => test(value));
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
  const blank = /\s/;
  let at = 0;
  // Once a closing mark is missing it is missing for the rest: looking for it again each time would take quadratic time.
  const absent = new Set<string>();
  while (at < message.length) {
    const character = message.charAt(at);
    if (blank.test(character)) {
      at += 1;
      continue;
    }
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
    let end = at + 1;
    while (end < message.length && !blank.test(message.charAt(end))) end += 1;
    fields.push(message.slice(at, end));
    at = end;
  }
  return fields;
}
