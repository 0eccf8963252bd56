import { invalidCharacters, invalidPattern } from './errors.ts';
import type { ParsedPattern, RegexCompiler } from './parseFilterPattern.ts';
import { andThen, holdsForEvery, holdsForSome, negate } from './turn.ts';
import type { Verdict } from './turn.ts';

// "Match terms in unstructured log events": all terms must be there, `-term` must not, and with `?term` one of them is enough.

type Test = (message: string) => Verdict;

/** Compiles a pattern of terms, phrases in double quotes and regular expressions between percent signs. */
export function parseTermPattern(text: string, compile: RegexCompiler): ParsedPattern {
  const included: Test[] = [];
  const optional: Test[] = [];
  const excluded: Test[] = [];
  let at = 0;
  while (at < text.length) {
    if (/\s/.test(text.charAt(at))) {
      at += 1;
      continue;
    }
    const sign = text.charAt(at);
    if (sign === '?' || sign === '-') {
      at += 1;
      // A sign may stand apart from its term: the guide's own example is `"ERROR" - "Exiting"`.
      while (/\s/.test(text.charAt(at))) at += 1;
    }
    const [test, end] = parseTerm(text, at, compile);
    (sign === '?' ? optional : sign === '-' ? excluded : included).push(test);
    at = end;
  }
  // "?" cannot be combined with other terms: next to included ones the optional ones make no difference (User Guide).
  const anyOf = included.length === 0 && optional.length > 0 ? optional : undefined;
  return {
    matches(message) {
      const holds = (test: Test): Verdict => test(message);
      const wanted = andThen(holdsForEvery(included, holds), () => anyOf === undefined || holdsForSome(anyOf, holds));
      return andThen(wanted, () => negate(holdsForSome(excluded, holds)));
    },
    extract: () => ({}),
  };
}

function parseTerm(text: string, start: number, compile: RegexCompiler): [Test, number] {
  const first = text.charAt(start);
  if (first === '') throw invalidPattern();
  if (first === '"') {
    const [phrase, end] = parseQuoted(text, start);
    return [(message) => message.includes(phrase), end];
  }
  if (first === '%') {
    const [source, end] = parseRegexSource(text, start);
    const regex = compile(source);
    return [(message) => regex.test(message), end];
  }
  const term = /^[\p{L}\p{N}_]+/u.exec(text.slice(start))?.[0] ?? '';
  const end = start + term.length;
  const foreign = /^[^\s\p{L}\p{N}_"]+/u.exec(text.slice(end))?.[0];
  // "Terms that include characters other than alphanumeric or underscore must be placed inside double quotes."
  if (foreign !== undefined) throw invalidCharacters(foreign);
  return [(message) => message.includes(term), end];
}

/** Text in double quotes, in which a backslash quotes a quote or a backslash. Returns it with the place behind it. */
export function parseQuoted(text: string, start: number): [string, number] {
  let content = '';
  for (let at = start + 1; at < text.length; at += 1) {
    const character = text.charAt(at);
    if (character === '"') return [content, at + 1];
    const next = text.charAt(at + 1);
    if (character === '\\' && (next === '"' || next === '\\')) {
      content += next;
      at += 1;
    } else content += character;
  }
  throw invalidPattern();
}

/** What stands between percent signs, and the place behind the second. */
export function parseRegexSource(text: string, start: number): [string, number] {
  for (let at = start + 1; at < text.length; at += 1) {
    if (text.charAt(at) === '\\') at += 1;
    else if (text.charAt(at) === '%') {
      if (at === start + 1) throw invalidPattern();
      return [text.slice(start + 1, at), at + 1];
    }
  }
  throw invalidPattern();
}
