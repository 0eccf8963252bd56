// Wildcards and policy variables. A pattern is cut at its `*`s once; each piece is then looked for from left to right and
// never again (the leftmost place is always as good as any later one), so hostile patterns cannot make matching explode.

import type { ConditionContext } from './types.ts';

type Token =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'any-run' }
  | { readonly kind: 'any-one' }
  | { readonly kind: 'variable'; readonly name: string; readonly fallback: string | undefined };

/** One character to match, or `anyOne`. */
type Unit = string;
const anyOne: Unit = '';

/** The stretch between two `*`s. */
interface Piece {
  /** The piece as plain text when it holds no `?`, which makes finding it a plain search. */
  readonly text: string | undefined;
  readonly units: readonly Unit[];
  readonly length: number;
}

export interface Pattern {
  readonly source: string;
  /** Undefined when the pattern has variables, and must be filled in for each request. */
  readonly pieces: readonly Piece[] | undefined;
  readonly tokens: readonly Token[];
  /** The plain text that the pattern is, when it has neither wildcards nor variables: most have not. */
  readonly exact: string | undefined;
  /** What every match begins with. */
  readonly start: string;
}

export interface PatternOptions {
  /** Policy variables exist since document version 2012-10-17; before, `${` is plain text. */
  readonly variables: boolean;
  /** False for operators such as StringEquals, in which `*` and `?` are plain characters. */
  readonly wildcards: boolean;
}

export function compilePattern(source: string, options: PatternOptions): Pattern {
  const tokens = tokenize(source, options);
  const fixed = tokens.every((token) => token.kind !== 'variable');
  const [first] = tokens;
  const start = first?.kind === 'text' ? first.text : '';
  return { source, tokens, pieces: fixed ? piecesOf(tokens) : undefined, exact: tokens.every(({ kind }) => kind === 'text') ? start : undefined, start };
}

/** True when `text` matches. A variable that the context cannot fill matches nothing. */
export function matchesPattern(pattern: Pattern, text: string, context: ConditionContext): boolean {
  if (pattern.exact !== undefined) return text === pattern.exact;
  // Variables are filled in only where the text before them fits.
  if (!text.startsWith(pattern.start)) return false;
  const pieces = pattern.pieces ?? filledPieces(pattern, context);
  return pieces !== undefined && matchPieces(pieces, text);
}

/** The pattern as plain text with its variables filled in; undefined when one cannot be. For operators without wildcards. */
export function patternText(pattern: Pattern, context: ConditionContext): string | undefined {
  let text = '';
  for (const token of pattern.tokens) {
    if (token.kind === 'text') text += token.text;
    else if (token.kind === 'any-run') text += '*';
    else if (token.kind === 'any-one') text += '?';
    else {
      const value = variableValue(token, context);
      if (value === undefined) return undefined;
      text += value;
    }
  }
  return text;
}

function filledPieces(pattern: Pattern, context: ConditionContext): readonly Piece[] | undefined {
  const filled: Token[] = [];
  for (const token of pattern.tokens) {
    if (token.kind !== 'variable') {
      filled.push(token);
      continue;
    }
    // What comes out of a variable is plain text: a user called `*` gains nothing.
    const value = variableValue(token, context);
    if (value === undefined) return undefined;
    filled.push({ kind: 'text', text: value });
  }
  return piecesOf(filled);
}

function variableValue(token: Token & { kind: 'variable' }, context: ConditionContext): string | undefined {
  const values = context.get(token.name);
  // Only keys with a single value can be used as variables (IAM user guide, "Policy variables").
  return values?.length === 1 ? values[0] : token.fallback;
}

function tokenize(source: string, options: PatternOptions): Token[] {
  const tokens: Token[] = [];
  let text = '';
  const flush = (): void => {
    if (text !== '') tokens.push({ kind: 'text', text });
    text = '';
  };
  for (let at = 0; at < source.length; at += 1) {
    const character = source.charAt(at);
    const variable = options.variables && character === '$' && source.charAt(at + 1) === '{' ? readVariable(source, at) : undefined;
    if (variable) {
      if (variable.token.kind === 'text') text += variable.token.text;
      else {
        flush();
        tokens.push(variable.token);
      }
      at = variable.end - 1;
    } else if (options.wildcards && (character === '*' || character === '?')) {
      flush();
      tokens.push({ kind: character === '*' ? 'any-run' : 'any-one' });
    } else text += character;
  }
  flush();
  return tokens;
}

// `${key}`, `${key, 'default'}`, and the three escapes `${*}`, `${?}`, `${$}`.
function readVariable(source: string, start: number): { token: Token; end: number } | undefined {
  const close = source.indexOf('}', start);
  if (close === -1) return undefined;
  const inner = source.slice(start + 2, close);
  if (inner === '*' || inner === '?' || inner === '$') return { token: { kind: 'text', text: inner }, end: close + 1 };
  const quoted = /^([^,']*),\s*'([^']*)'\s*$/.exec(inner);
  const name = (quoted?.[1] ?? inner).trim().toLowerCase();
  return { token: { kind: 'variable', name, fallback: quoted?.[2] }, end: close + 1 };
}

function piecesOf(tokens: readonly Token[]): readonly Piece[] {
  const pieces: Piece[] = [];
  let units: Unit[] = [];
  const close = (): void => {
    const plain = units.every((unit) => unit !== anyOne);
    pieces.push({ text: plain ? units.join('') : undefined, units, length: units.length });
    units = [];
  };
  for (const token of tokens) {
    // Units are UTF-16 code units, so that positions in the text and in the piece agree.
    if (token.kind === 'text') for (let at = 0; at < token.text.length; at += 1) units.push(token.text.charAt(at));
    else if (token.kind === 'any-one') units.push(anyOne);
    else if (token.kind === 'any-run') close();
  }
  close();
  return pieces;
}

function matchPieces(pieces: readonly Piece[], text: string): boolean {
  const first = pieces[0];
  const last = pieces[pieces.length - 1];
  if (first === undefined || last === undefined) return text === '';
  if (pieces.length === 1) return text.length === first.length && pieceAt(first, text, 0);
  if (text.length < first.length + last.length || !pieceAt(first, text, 0)) return false;
  const end = text.length - last.length;
  if (!pieceAt(last, text, end)) return false;
  let from = first.length;
  for (const piece of pieces.slice(1, -1)) {
    const found = findPiece(piece, text, from, end);
    if (found === -1) return false;
    from = found + piece.length;
  }
  return true;
}

function findPiece(piece: Piece, text: string, from: number, end: number): number {
  if (piece.text !== undefined) {
    const found = text.indexOf(piece.text, from);
    return found !== -1 && found + piece.length <= end ? found : -1;
  }
  for (let at = from; at + piece.length <= end; at += 1) if (pieceAt(piece, text, at)) return at;
  return -1;
}

function pieceAt(piece: Piece, text: string, at: number): boolean {
  if (piece.text !== undefined) return text.startsWith(piece.text, at);
  for (const [offset, unit] of piece.units.entries()) {
    const character = text.charAt(at + offset);
    if (character === '' || (unit !== anyOne && unit !== character)) return false;
  }
  return true;
}
