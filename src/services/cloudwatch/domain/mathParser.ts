// Expressions of metric math: https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/using-metric-math.html
import { expressionBytesMax, nestingMax } from '../limits.ts';

export type Expression =
  | { readonly kind: 'number'; readonly value: number }
  | { readonly kind: 'text'; readonly value: string }
  | { readonly kind: 'name'; readonly name: string }
  | { readonly kind: 'list'; readonly items: readonly Expression[] }
  | { readonly kind: 'unary'; readonly operator: '-' | '!'; readonly operand: Expression }
  | { readonly kind: 'binary'; readonly operator: string; readonly left: Expression; readonly right: Expression }
  | { readonly kind: 'call'; readonly name: string; readonly args: readonly Expression[] };

/** What is wrong with an expression. */
export class MathError extends Error {}

interface Token {
  readonly kind: 'number' | 'text' | 'word' | 'sign' | 'end';
  readonly text: string;
}

const tokenForm = /\s*(?:(\d+(?:\.\d*)?(?:[eE][-+]?\d+)?|\.\d+)|("(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*')|([A-Za-z_][A-Za-z0-9_]*)|(<=|>=|==|!=|&&|\|\||[-+*/^()<>,[\]!]))/y;

// Weakest first; those of one line bind alike, from the left.
const levels: readonly (readonly string[])[] = [['||', 'OR'], ['&&', 'AND'], ['==', '!='], ['<', '<=', '>', '>='], ['+', '-'], ['*', '/'], ['^']];

/** Throws a {@link MathError} for what is no expression. */
export function parseMath(text: string): Expression {
  if (text.length > expressionBytesMax) throw new MathError(`An expression may have ${expressionBytesMax} characters.`);
  const tokens = readTokens(text);
  let position = 0;

  const peek = (): Token => tokens[position] ?? { kind: 'end', text: '' };
  const isSign = (sign: string): boolean => peek().kind === 'sign' && peek().text === sign;

  function expect(sign: string): void {
    if (!isSign(sign)) throw new MathError(`Expected '${sign}' in the expression, not '${peek().text}'.`);
    position += 1;
  }

  function parseLevel(level: number, depth: number): Expression {
    if (depth > nestingMax) throw new MathError('The expression is nested too deeply.');
    const operators = levels[level];
    if (operators === undefined) return parseUnary(depth);
    let left = parseLevel(level + 1, depth);
    while ((peek().kind === 'sign' || peek().kind === 'word') && operators.includes(peek().text)) {
      const operator = tokens[position]?.text ?? '';
      position += 1;
      left = { kind: 'binary', operator, left, right: parseLevel(level + 1, depth) };
    }
    return left;
  }

  function parseUnary(depth: number): Expression {
    for (const operator of ['-', '!'] as const) {
      if (!isSign(operator)) continue;
      position += 1;
      if (depth > nestingMax) throw new MathError('The expression is nested too deeply.');
      return { kind: 'unary', operator, operand: parseUnary(depth + 1) };
    }
    return parsePrimary(depth);
  }

  function parsePrimary(depth: number): Expression {
    const token = peek();
    position += 1;
    if (token.kind === 'number') return { kind: 'number', value: Number(token.text) };
    if (token.kind === 'text') return { kind: 'text', value: token.text.slice(1, -1).replace(/\\(.)/gs, '$1') };
    if (token.kind === 'sign' && token.text === '(') {
      const inner = parseLevel(0, depth + 1);
      expect(')');
      return inner;
    }
    if (token.kind === 'sign' && token.text === '[') return { kind: 'list', items: parseItems(']', depth) };
    if (token.kind === 'word') {
      if (!isSign('(')) return { kind: 'name', name: token.text };
      position += 1;
      return { kind: 'call', name: token.text.toUpperCase(), args: parseItems(')', depth) };
    }
    throw new MathError(token.kind === 'end' ? 'The expression ends too early.' : `Unexpected '${token.text}' in the expression.`);
  }

  function parseItems(end: string, depth: number): Expression[] {
    const items: Expression[] = [];
    if (!isSign(end)) {
      items.push(parseLevel(0, depth + 1));
      while (isSign(',')) {
        position += 1;
        items.push(parseLevel(0, depth + 1));
      }
    }
    expect(end);
    return items;
  }

  const whole = parseLevel(0, 0);
  if (peek().kind !== 'end') throw new MathError(`Unexpected '${peek().text}' in the expression.`);
  return whole;
}

function readTokens(text: string): Token[] {
  const tokens: Token[] = [];
  const form = new RegExp(tokenForm);
  const end = text.trimEnd().length;
  while (form.lastIndex < end) {
    const at = form.lastIndex;
    const match = form.exec(text);
    if (match === null) throw new MathError(`Unexpected '${text.slice(at).trim().slice(0, 1)}' in the expression.`);
    const [, number, quoted, word, sign] = match;
    if (number !== undefined) tokens.push({ kind: 'number', text: number });
    else if (quoted !== undefined) tokens.push({ kind: 'text', text: quoted });
    else if (word !== undefined) tokens.push({ kind: 'word', text: word });
    else tokens.push({ kind: 'sign', text: sign ?? '' });
  }
  return tokens;
}

/** Every id that an expression uses. */
export function namesIn(expression: Expression): string[] {
  switch (expression.kind) {
    case 'name':
      return [expression.name];
    case 'list':
      return expression.items.flatMap(namesIn);
    case 'unary':
      return namesIn(expression.operand);
    case 'binary':
      return [...namesIn(expression.left), ...namesIn(expression.right)];
    case 'call':
      return expression.args.flatMap(namesIn);
    default:
      return [];
  }
}
