import { QuerySyntaxError } from './syntax.ts';

/** Reads a query from left to right; blanks and comments are passed over. */
export interface QueryScanner {
  isAtEnd(): boolean;
  place(): number;
  /** What has been read since a place, without blanks at its end. */
  textFrom(start: number): string;
  /** Moves behind a symbol if it stands here. */
  take(symbol: string): boolean;
  expect(symbol: string): void;
  /** Moves behind one of these words, whatever its case, if it stands here; answers it in lower case. */
  takeWord(...words: readonly string[]): string | undefined;
  /** A name: `@message`, `a.b.0`, or anything between backticks. */
  readName(): string | undefined;
  readNumber(): number | undefined;
  /** `5m`, `1h`: a number with its unit. */
  readPeriod(): { readonly count: number; readonly unit: string } | undefined;
  readText(): string | undefined;
  readRegex(): { readonly source: string; readonly flags: string } | undefined;
  /** One more part of an expression; throws when a query has too many. */
  countPart(): void;
  /** Throws for what stands here. */
  refuse(message?: string): never;
}

const name = /[\p{L}_@$][\p{L}\p{N}_@$.]*/uy;
const number = /[0-9]+(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?(?![\p{L}\p{N}_])/uy;
const period = /([0-9]+)\s?(milliseconds?|msec|ms|seconds?|secs?|s|minutes?|mins?|m|hours?|hrs?|hr|h|days?|d|weeks?|w|months?|mon|mo|quarters?|qtrs?|qtr|q|years?|yrs?|yr|y)(?![\p{L}\p{N}_])/iuy;

/** What is made of a long chain nests as deeply as the chain is long. */
const partsMax = 1_000;

export function createQueryScanner(text: string): QueryScanner {
  let at = 0;
  let lastEnd = 0;
  let parts = 0;

  function skip(): void {
    for (;;) {
      while (/\s/.test(text.charAt(at))) at += 1;
      if (text.charAt(at) !== '#') return;
      while (at < text.length && text.charAt(at) !== '\n') at += 1;
    }
  }

  function match(form: RegExp): RegExpExecArray | undefined {
    skip();
    form.lastIndex = at;
    const found = form.exec(text);
    if (!found) return undefined;
    move(found[0].length);
    return found;
  }

  function move(length: number): void {
    at += length;
    lastEnd = at;
  }

  function refuse(message?: string): never {
    skip();
    const found = /^\S{1,20}/.exec(text.slice(at))?.[0] ?? '';
    const before = text.slice(0, at).split('\n');
    const where = `at line ${before.length} and position ${(before.at(-1)?.length ?? 0) + 1}`;
    const what = found === '' ? 'unexpected end of the query' : `unexpected symbol found ${found.charAt(0)}`;
    throw new QuerySyntaxError(message ?? `${what} ${where}`, at, Math.min(text.length, at + Math.max(1, found.length)));
  }

  /** Up to the closing mark; a backslash keeps what stands behind it. */
  function readQuoted(mark: string, keepsEscapes: boolean): string {
    let content = '';
    for (let place = at + 1; place < text.length; place += 1) {
      const character = text.charAt(place);
      if (character === mark) {
        move(place + 1 - at);
        return content;
      }
      const next = text.charAt(place + 1);
      if (character === '\\' && next !== '') {
        content += keepsEscapes && next !== mark ? character + next : unescape(next);
        place += 1;
      } else content += character;
    }
    return refuse();
  }

  return {
    isAtEnd() {
      skip();
      return at >= text.length;
    },
    place() {
      skip();
      return at;
    },
    textFrom: (start) => text.slice(start, lastEnd),
    take(symbol) {
      skip();
      if (!text.startsWith(symbol, at)) return false;
      move(symbol.length);
      return true;
    },
    expect(symbol) {
      if (!this.take(symbol)) refuse();
    },
    takeWord(...words) {
      skip();
      name.lastIndex = at;
      const found = name.exec(text)?.[0].toLowerCase();
      if (found === undefined || !words.includes(found)) return undefined;
      move(found.length);
      return found;
    },
    readName() {
      skip();
      if (text.charAt(at) === '`') return readQuoted('`', false);
      return match(name)?.[0];
    },
    readNumber() {
      const found = match(number)?.[0];
      return found === undefined ? undefined : Number(found);
    },
    readPeriod() {
      const found = match(period);
      return found ? { count: Number(found[1]), unit: (found[2] ?? '').toLowerCase() } : undefined;
    },
    readText() {
      skip();
      const mark = text.charAt(at);
      return mark === '"' || mark === "'" ? readQuoted(mark, false) : undefined;
    },
    readRegex() {
      skip();
      if (text.charAt(at) !== '/') return undefined;
      const start = at;
      const source = readQuoted('/', true);
      const flag = /^\(\?([ims]+)\)/.exec(source);
      const regex = flag ? { source: source.slice(flag[0].length), flags: flag[1] ?? '' } : { source, flags: '' };
      try {
        new RegExp(regex.source, regex.flags);
      } catch {
        at = start;
        return refuse(`Invalid regular expression /${source}/`);
      }
      return regex;
    },
    countPart() {
      parts += 1;
      if (parts > partsMax) refuse(`A query has at most ${partsMax} fields, values and calls.`);
    },
    refuse,
  };
}

const unescape = (character: string): string => ({ n: '\n', t: '\t', r: '\r' })[character] ?? character;
