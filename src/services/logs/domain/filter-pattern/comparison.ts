import { invalidCharacters } from './errors.ts';
import type { RegexCompiler } from './parseFilterPattern.ts';
import type { Scanner } from './scanner.ts';
import { parseQuoted, parseRegexSource } from './termPattern.ts';
import { negate } from './turn.ts';
import type { Verdict } from './turn.ts';

export type Operator = '=' | '!=' | '<' | '<=' | '>' | '>=';

/** A condition on one value: `= 4*`, `>= 500`, `!= "x y"`, `= %4[0-9]{2}%`. */
export interface Comparison {
  /** For values that are text. */
  matchesText(value: string): Verdict;
  /** For values that are numbers. */
  matchesNumber(value: number): boolean;
  /** True for `= *`: any value will do. */
  readonly matchesAny: boolean;
}

const number = /^[+-]?[0-9]+(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?$/;

/** The operator that stands here; the guide also spells "is not" as `=!`. */
export function parseOperator(scanner: Scanner): Operator {
  for (const operator of ['!=', '<=', '>=', '<', '>'] as const) if (scanner.take(operator)) return operator;
  if (scanner.take('=!')) return '!=';
  if (scanner.take('=')) return '=';
  return scanner.refuse();
}

/** The value behind an operator. */
export function parseComparison(scanner: Scanner, operator: Operator, compile: RegexCompiler): Comparison {
  const negated = operator === '!=';
  const equality = negated || operator === '=';
  const first = scanner.peek();
  if (first === '%' && equality) {
    const regex = compile(scanner.read(parseRegexSource));
    return textComparison((value) => (negated ? negate(regex.test(value)) : regex.test(value)));
  }
  if (first === '"' && equality) {
    const wanted = scanner.read(parseQuoted);
    const test = compileWildcard(wanted);
    return { ...textComparison((value) => test(value) !== negated), matchesAny: wanted === '*' && !negated };
  }
  // Strings with other characters must be in double quotes (User Guide).
  const bare = scanner.match(/^[\p{L}\p{N}_.*:/+-]+/u) ?? scanner.refuse();
  const wanted = number.test(bare) ? Number(bare) : undefined;
  if (!equality) {
    if (wanted === undefined) throw invalidCharacters(bare);
    const holds = (value: number): boolean => orders[operator as keyof typeof orders](value, wanted);
    return { matchesNumber: holds, matchesText: (value) => number.test(value) && holds(Number(value)), matchesAny: false };
  }
  const test = compileWildcard(bare);
  return {
    matchesNumber: (value) => (wanted === undefined ? test(String(value)) : value === wanted) !== negated,
    matchesText: (value) => (test(value) || (wanted !== undefined && number.test(value) && Number(value) === wanted)) !== negated,
    matchesAny: bare === '*' && !negated,
  };
}

const orders = {
  '<': (a: number, b: number) => a < b,
  '<=': (a: number, b: number) => a <= b,
  '>': (a: number, b: number) => a > b,
  '>=': (a: number, b: number) => a >= b,
} as const;

/** Quoted text and regular expressions look at text only: the number 404 is not "404". */
function textComparison(matchesText: (value: string) => Verdict): Comparison {
  return { matchesText, matchesNumber: () => false, matchesAny: false };
}

/** An asterisk stands for any text at the beginning or the end of a value; elsewhere it is itself (User Guide). */
function compileWildcard(wanted: string): (value: string) => boolean {
  if (wanted === '*') return () => true;
  const open = wanted.startsWith('*');
  const ended = wanted.length > 1 && wanted.endsWith('*');
  const core = wanted.slice(open ? 1 : 0, ended ? -1 : undefined);
  if (open && ended) return (value) => value.includes(core);
  if (open) return (value) => value.endsWith(core);
  if (ended) return (value) => value.startsWith(core);
  return (value) => value === wanted;
}
