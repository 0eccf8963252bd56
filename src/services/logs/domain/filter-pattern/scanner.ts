import { invalidCharacters, invalidPattern } from './errors.ts';

/** Reads a pattern from left to right. */
export interface Scanner {
  /** The rest of the text begins with `text` (blanks aside); moves behind it if so. */
  take(text: string): boolean;
  /** What `form` (anchored with `^`) matches here, or undefined. */
  match(form: RegExp): string | undefined;
  peek(): string;
  /** Lets a reader of its own take over: it gets the text and a place, and returns a value and the place behind. */
  read<T>(reader: (text: string, at: number) => [T, number]): T;
  isAtEnd(): boolean;
  /** Where the next token stands. */
  place(): number;
  /** What has been read since a place. */
  textFrom(place: number): string;
  /** Throws the service's error for the character that stands here, or for the text from `place` to it. */
  refuse(place?: number): never;
}

export function createScanner(text: string): Scanner {
  let at = 0;
  const skipBlanks = (): void => {
    while (/\s/.test(text.charAt(at))) at += 1;
  };
  return {
    take(wanted) {
      skipBlanks();
      if (!text.startsWith(wanted, at)) return false;
      at += wanted.length;
      return true;
    },
    match(form) {
      skipBlanks();
      const found = form.exec(text.slice(at))?.[0];
      if (found === undefined || found === '') return undefined;
      at += found.length;
      return found;
    },
    peek() {
      skipBlanks();
      return text.charAt(at);
    },
    read(reader) {
      skipBlanks();
      const [value, end] = reader(text, at);
      at = end;
      return value;
    },
    isAtEnd() {
      skipBlanks();
      return at >= text.length;
    },
    place() {
      skipBlanks();
      return at;
    },
    textFrom: (place) => text.slice(place, at),
    refuse(place) {
      skipBlanks();
      if (at >= text.length) throw invalidPattern();
      throw invalidCharacters(text.slice(place ?? at, at + 1));
    },
  };
}
