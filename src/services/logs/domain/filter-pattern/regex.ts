import { regexPositionsMax, regexSliceStepsMax } from '../../limits.ts';
import { invalidCharacters, invalidPattern } from './errors.ts';
import { holdsForSome } from './turn.ts';
import type { Turn, Verdict } from './turn.ts';

// The regular expressions of filter patterns have no groups: alternatives of simple items (a character, a class) that may
// repeat. Every item becomes one or more positions of an automaton that is run over all places of the text at once, so the
// time is at most (length of the text) x (positions), and others get their turn in between: no expression can make the server hang.
// Syntax: https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/FilterAndPatternSyntax.html, "Supported regular expressions".

export interface CompiledRegex {
  /** Work for one character of text, for budgets. */
  readonly cost: number;
  test(text: string): Verdict;
}

type CharacterTest = (code: number) => boolean;

interface Item {
  readonly accepts: CharacterTest;
  readonly min: number;
  /** Infinity for `*`, `+` and `{n,}`. */
  readonly max: number;
}

interface Alternative {
  readonly items: readonly Item[];
  readonly atStart: boolean;
  readonly atEnd: boolean;
}

const plainSymbols = /^[A-Za-z0-9:_#=@/;,-]$/;
const operators = '^$?[]{}|\\*+.';

/** Compiles what stands between the percent signs. `turn` is told of the work of every test. */
export function compileRegex(source: string, turn: Turn): CompiledRegex {
  const alternatives = parseAlternatives(source).map(compileAlternative);
  const cost = alternatives.reduce((sum, { positions }) => sum + positions, 0);
  if (cost > regexPositionsMax) throw invalidPattern();
  return { cost: Math.max(1, cost), test: (text) => holdsForSome(alternatives, (automaton) => runInTurns(automaton, text, turn)) };
}

function parseAlternatives(source: string): Alternative[] {
  const alternatives: Alternative[] = [];
  let items: Item[] = [];
  let atStart = false;
  let atEnd = false;
  let at = 0;
  const close = (): void => {
    alternatives.push({ items, atStart, atEnd });
    items = [];
    atStart = false;
    atEnd = false;
  };
  while (at < source.length) {
    const character = source.charAt(at);
    if (character === '|') {
      close();
      at += 1;
      continue;
    }
    // An anchor elsewhere could never match; more likely it is a mistake.
    if (atEnd || (character === '^' && (items.length > 0 || atStart))) throw invalidPattern();
    if (character === '^') {
      atStart = true;
      at += 1;
    } else if (character === '$') {
      atEnd = true;
      at += 1;
    } else {
      const [accepts, behind] = parseItem(source, at);
      const [min, max, end] = parseRepetition(source, behind);
      items.push({ accepts, min, max });
      at = end;
    }
  }
  close();
  return alternatives;
}

function parseItem(source: string, at: number): [CharacterTest, number] {
  const character = source.charAt(at);
  if (character === '[') return parseClass(source, at + 1);
  if (character === '\\') {
    const [accepts, end] = parseEscape(source, at + 1);
    return [accepts, end];
  }
  // As in the languages that AWS's syntax is taken from, the dot stops at the end of a line.
  if (character === '.') return [(code) => code !== 10 && code !== 13, at + 1];
  if (plainSymbols.test(character)) {
    const wanted = character.charCodeAt(0);
    return [(code) => code === wanted, at + 1];
  }
  if (operators.includes(character)) throw invalidPattern();
  throw invalidCharacters(character);
}

function parseEscape(source: string, at: number): [CharacterTest, number, number?] {
  const character = source.charAt(at);
  const known = classEscapes[character];
  if (known) return [known, at + 1];
  if (character === 'x') {
    const hex = /^[0-9A-Fa-f]{2}/.exec(source.slice(at + 1))?.[0];
    if (hex === undefined) throw invalidPattern();
    const wanted = Number.parseInt(hex, 16);
    return [(code) => code === wanted, at + 3, wanted];
  }
  if (character === '') throw invalidPattern();
  if (!operators.includes(character) && !/^[:_#=@/;,()-]$/.test(character)) throw invalidCharacters(`\\${character}`);
  const wanted = character.charCodeAt(0);
  return [(code) => code === wanted, at + 1, wanted];
}

const isDigit: CharacterTest = (code) => code >= 48 && code <= 57;
const isWord: CharacterTest = (code) => isDigit(code) || (code >= 65 && code <= 90) || (code >= 97 && code <= 122) || code === 95;
const isSpace: CharacterTest = (code) => code === 32 || (code >= 9 && code <= 13);
const not =
  (accepts: CharacterTest): CharacterTest =>
  (code) =>
    !accepts(code);

const classEscapes: Readonly<Record<string, CharacterTest>> = {
  d: isDigit,
  D: not(isDigit),
  w: isWord,
  W: not(isWord),
  s: isSpace,
  S: not(isSpace),
};

function parseClass(source: string, start: number): [CharacterTest, number] {
  let at = start;
  const negated = source.charAt(at) === '^';
  if (negated) at += 1;
  const tests: CharacterTest[] = [];
  for (;;) {
    const character = source.charAt(at);
    if (character === '' || (character === ']' && tests.length === 0)) throw invalidPattern();
    if (character === ']') break;
    const [test, code, end] = parseClassMember(source, at);
    const isRange = code !== undefined && source.charAt(end) === '-' && source.charAt(end + 1) !== ']' && source.charAt(end + 1) !== '';
    if (!isRange) {
      tests.push(test);
      at = end;
      continue;
    }
    const [, last, rangeEnd] = parseClassMember(source, end + 1);
    if (last === undefined || last < code) throw invalidPattern();
    tests.push((value) => value >= code && value <= last);
    at = rangeEnd;
  }
  const any: CharacterTest = (code) => tests.some((test) => test(code));
  return [negated ? not(any) : any, at + 1];
}

function parseClassMember(source: string, at: number): [CharacterTest, number | undefined, number] {
  const character = source.charAt(at);
  if (character === '\\') {
    const [test, end, code] = parseEscape(source, at + 1);
    return [test, code, end];
  }
  if (!plainSymbols.test(character) && !'.$?{}|*+^'.includes(character)) throw invalidCharacters(character);
  const code = character.charCodeAt(0);
  return [(value) => value === code, code, at + 1];
}

function parseRepetition(source: string, at: number): [min: number, max: number, end: number] {
  const character = source.charAt(at);
  let result: [number, number, number] | undefined;
  if (character === '?') result = [0, 1, at + 1];
  else if (character === '*') result = [0, Infinity, at + 1];
  else if (character === '+') result = [1, Infinity, at + 1];
  else if (character === '{') {
    const match = /^\{([0-9]{1,4})(?:(,)([0-9]{1,4})?)?\}/.exec(source.slice(at));
    if (!match) throw invalidPattern();
    const min = Number(match[1]);
    const max = match[2] === undefined ? min : match[3] === undefined ? Infinity : Number(match[3]);
    if (max < min) throw invalidPattern();
    result = [min, max, at + match[0].length];
  }
  if (!result) return [1, 1, at];
  // Lazy, possessive and doubled repetitions are not part of the syntax.
  if ('?*+{'.includes(source.charAt(result[2])) && source.charAt(result[2]) !== '') throw invalidPattern();
  return result;
}

interface Automaton {
  readonly positions: number;
  /** Begins at the head of the text. What it returns goes on for so many characters, and tells the result once it is known. */
  start(text: string): (characters: number) => boolean | undefined;
}

function runInTurns(automaton: Automaton, text: string, turn: Turn): Verdict {
  const advance = automaton.start(text);
  const stepsOfOne = automaton.positions + 1;
  const characters = Math.max(1, Math.floor(regexSliceStepsMax / stepsOfOne));
  const run = (): Verdict => {
    for (;;) {
      const result = advance(characters);
      const pause = turn.spend(Math.min(characters, text.length) * stepsOfOne);
      if (pause) return pause.then(() => result ?? run());
      if (result !== undefined) return result;
    }
  };
  return run();
}

/** State p is "the items of the first p positions are matched"; a position may be skipped, and may repeat itself. */
function compileAlternative({ items, atStart, atEnd }: Alternative): Automaton {
  const tests: CharacterTest[] = [];
  const skippable: number[] = [];
  const repeating: number[] = [0];
  for (const { accepts, min, max } of items) {
    const required = min + (max === Infinity && min === 0 ? 1 : 0);
    const count = max === Infinity ? required : max;
    if (tests.length + count > regexPositionsMax) throw invalidPattern();
    for (let nth = 0; nth < count; nth += 1) {
      tests.push(accepts);
      skippable.push(nth >= min ? 1 : 0);
      repeating.push(max === Infinity && nth === count - 1 ? 1 : 0);
    }
  }
  const end = tests.length;
  const acceptedAt = createAcceptTable(tests);
  const skips = Uint8Array.from(skippable);
  const repeats = Uint8Array.from(repeating);

  /** Follows the positions that may be skipped. */
  function spread(states: Uint8Array): void {
    for (let p = 0; p < end; p += 1) if (states[p] === 1 && skips[p] === 1) states[p + 1] = 1;
  }

  function step(states: Uint8Array, next: Uint8Array, accepted: Uint8Array): void {
    next.fill(0);
    for (let p = 0; p <= end; p += 1) {
      if (states[p] !== 1) continue;
      if (accepted[p] === 1) next[p + 1] = 1;
      // The position before this state has been matched; a repeating one may be again.
      if (repeats[p] === 1 && accepted[p - 1] === 1) next[p] = 1;
    }
  }

  return {
    positions: end,
    start(text) {
      let states = new Uint8Array(end + 2);
      let next = new Uint8Array(end + 2);
      // "$" is also met before the line break that ends the text, as log lines have one.
      const isEnd = (at: number): boolean => at === text.length || (at === text.length - 1 && text.charCodeAt(at) === 10);
      states[0] = 1;
      spread(states);
      let at = 0;
      return (characters) => {
        for (const pauseAt = at + characters; at < pauseAt; at += 1) {
          if (states[end] === 1 && (!atEnd || isEnd(at))) return true;
          if (at >= text.length) return false;
          step(states, next, acceptedAt(text.charCodeAt(at)));
          if (!atStart) next[0] = 1;
          spread(next);
          [states, next] = [next, states];
        }
        return undefined;
      };
    },
  };
}

const characterTablesMax = 1_024;

/** Which positions accept a character, found out once for each: a class of many members costs no more than a letter. */
function createAcceptTable(tests: readonly CharacterTest[]): (code: number) => Uint8Array {
  const tables = new Map<number, Uint8Array>();
  return (code) => {
    let table = tables.get(code);
    if (table) return table;
    table = Uint8Array.from({ length: tests.length + 1 }, (_, p) => (tests[p]?.(code) ? 1 : 0));
    if (tables.size >= characterTablesMax) tables.clear();
    tables.set(code, table);
    return table;
  };
}
