import { patternRegexMax } from '../../limits.ts';
import { invalidPattern } from './errors.ts';
import { parseJsonPattern } from './jsonPattern.ts';
import { parseSpacePattern } from './spacePattern.ts';
import { parseTermPattern } from './termPattern.ts';
import { compileRegex } from './regex.ts';
import type { CompiledRegex } from './regex.ts';
import { createTurn } from './turn.ts';
import type { Verdict } from './turn.ts';

/** A compiled pattern. */
export interface FilterPattern {
  /** Work for one character of a message, for budgets. */
  readonly cost: number;
  /** At once, or after others have had their turn when the work is long. One message at a time. */
  matches(message: string): Verdict;
  /** What the pattern gives a name to, in a message that matches. */
  extract(message: string): Record<string, string>;
}

/** What the parser of one kind of pattern makes. */
export type ParsedPattern = Pick<FilterPattern, 'matches' | 'extract'>;

/** Compiles regular expressions of one pattern and counts them. */
export type RegexCompiler = (source: string) => CompiledRegex;

/** Steps for one character of everything that is not a regular expression: searches, JSON, fields. */
const otherCost = 2;

const everything: FilterPattern = { cost: 0, matches: () => true, extract: () => ({}) };

/**
 * Compiles a filter pattern: terms, a JSON pattern in braces or a space-delimited pattern in brackets.
 * https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/FilterAndPatternSyntax.html
 */
export function parseFilterPattern(text: string): FilterPattern {
  const trimmed = text.trim();
  if (trimmed === '') return everything;
  let count = 0;
  let cost = 0;
  const turn = createTurn();
  const compile: RegexCompiler = (source) => {
    count += 1;
    // "There is a limit of 2 regex for each filter pattern … when filtering log events."
    if (count > patternRegexMax) throw invalidPattern();
    const regex = compileRegex(source, turn);
    cost += regex.cost;
    return regex;
  };
  const { matches, extract } = parseKind(trimmed, compile);
  return {
    cost: cost + otherCost,
    extract,
    matches(message) {
      const pause = turn.spend(message.length * otherCost);
      return pause ? pause.then(() => matches(message)) : matches(message);
    },
  };
}

function parseKind(text: string, compile: RegexCompiler): ParsedPattern {
  if (text.startsWith('{')) return parseJsonPattern(text, compile);
  if (text.startsWith('[')) return parseSpacePattern(text, compile);
  return parseTermPattern(text, compile);
}
