// What EventBridge says of a pattern that is none: its words, the place where its parser stood, and the order in which it looks. The parser
// reads from token to token; a text value is not read before it is asked for, and of a name its colon and the beginning of its value are
// read with it. https://github.com/aws/event-ruler, and messages that users quote.

type TokenKind = '{' | '}' | '[' | ']' | 'name' | 'string' | 'number' | 'true' | 'false' | 'null' | 'end';

interface Token {
  readonly kind: TokenKind;
  readonly text: string;
  /** Where the parser stands once it has seen it. */
  readonly at: number;
  /** Where it stands once it has read all of it. */
  readonly end: number;
}

class Problem extends Error {}

/** What follows `Event pattern is not valid. Reason: `; undefined for a pattern. */
export function patternProblem(text: string): string | undefined {
  try {
    JSON.parse(text);
  } catch {
    return 'Invalid JSON';
  }
  try {
    new PatternReader(text).read();
    return undefined;
  } catch (error) {
    if (error instanceof Problem) return error.message;
    throw error;
  }
}

const wildcardsMax = 100;

class PatternReader {
  private readonly source: string;
  private readonly tokens: readonly Token[];
  private position = -1;
  /** How far the parser has read. */
  private at = 0;
  private wildcards = 0;

  constructor(source: string) {
    this.source = source;
    this.tokens = tokenize(source);
  }

  read(): void {
    if (this.next().kind !== '{') this.fail('Filter is not an object');
    this.readObject(0);
  }

  private next(): Token {
    this.position += 1;
    const token = this.tokens[this.position] ?? { kind: 'end', text: '', at: this.source.length, end: this.source.length };
    this.at = token.at;
    return token;
  }

  private textOf(token: Token): string {
    this.at = token.end;
    return token.text;
  }

  private fail(message: string): never {
    const before = this.source.slice(0, this.at).split('\n');
    const shown = this.source.length > 500 ? `"${this.source.slice(0, 500)}"[truncated ${this.source.length - 500} chars]` : `"${this.source}"`;
    throw new Problem(`${message}\n at [Source: (String)${shown}; line: ${before.length}, column: ${(before.at(-1)?.length ?? 0) + 1}]`);
  }

  private readObject(depth: number): void {
    if (depth > 64) this.fail('The pattern is too deep');
    let members = 0;
    for (let token = this.next(); token.kind !== '}'; token = this.next()) {
      members += 1;
      const name = token.text;
      const value = this.next();
      if (value.kind === '{') this.readObject(depth + 1);
      else if (value.kind === '[') this.readList(name, depth);
      else this.fail(`"${name}" must be an object or an array`);
    }
    if (members === 0) this.fail('Empty objects are not allowed');
  }

  private readList(name: string, depth: number): void {
    const alternatives = name === '$or' && this.holdsAlternatives();
    let items = 0;
    for (let token = this.next(); token.kind !== ']'; token = this.next()) {
      items += 1;
      if (token.kind === '{') {
        if (alternatives) this.readObject(depth + 1);
        else this.readExpression();
      } else if (token.kind === '[') this.fail('Match value must be String, number, true, false, or null');
      else this.textOf(token);
    }
    if (items === 0) this.fail('Empty arrays are not allowed');
  }

  /** At least two objects and nothing else, whose names are not those of operators: otherwise `$or` is the name of a member. */
  private holdsAlternatives(): boolean {
    let level = 0;
    let objects = 0;
    for (let index = this.position + 1; index < this.tokens.length; index += 1) {
      const kind = this.tokens[index]?.kind;
      if (level === 0 && kind === ']') return objects >= 2;
      if (level === 0 && kind !== '{') return false;
      if (level === 0) objects += 1;
      if (kind === '{' || kind === '[') level += 1;
      if (kind === '}' || kind === ']') level -= 1;
    }
    return false;
  }

  private readExpression(): void {
    const name = this.next();
    if (name.kind !== 'name') this.fail('Match expression name not found');
    switch (name.text) {
      case 'prefix':
      case 'suffix':
        return this.readEnd(name.text);
      case 'equals-ignore-case':
        return this.readText('equals-ignore-case');
      case 'wildcard':
        return this.readText('wildcard', (text) => this.checkWildcard(text));
      case 'cidr':
        return this.readText('prefix', (text) => this.checkCidr(text));
      case 'numeric':
        return this.readNumeric();
      case 'anything-but':
        return this.readAnythingBut();
      case 'exists': {
        const { kind } = this.next();
        if (kind !== 'true' && kind !== 'false') this.fail('exists match pattern must be either true or false.');
        return this.requireEnd();
      }
      default:
        this.fail(`Unrecognized match type ${name.text}`);
    }
  }

  private requireEnd(): void {
    if (this.next().kind !== '}') this.fail('Only one key allowed in match expression');
  }

  private readText(what: string, check?: (text: string) => void): void {
    const value = this.next();
    if (value.kind !== 'string') this.fail(`${what} match pattern must be a string`);
    check?.(this.textOf(value));
    this.requireEnd();
  }

  private readEnd(what: 'prefix' | 'suffix'): void {
    const value = this.next();
    if (value.kind === '{') {
      const inner = this.next();
      const title = what === 'prefix' ? 'Prefix' : 'Suffix';
      if (inner.kind !== 'name') this.fail(`${title} expression name not found`);
      if (inner.text !== 'equals-ignore-case') this.fail(`Unsupported ${what} pattern: ${inner.text}`);
      this.readText('equals-ignore-case');
      return this.requireEnd();
    }
    if (value.kind !== 'string') this.fail(`${what} match pattern must be a string`);
    this.textOf(value);
    this.requireEnd();
  }

  private readNumeric(): void {
    if (this.next().kind !== '[') this.fail('Value of numeric must be an array.');
    const sign = this.next();
    if (sign.kind !== 'string') this.fail(`Invalid member in numeric match: ${this.textOf(sign)}`);
    const operator = this.textOf(sign);
    const first = this.next();
    const named = operator === '=' ? 'equals' : operator;
    if (!['=', '<', '<=', '>', '>='].includes(operator)) this.fail(`Unrecognized numeric range operator: ${operator}`);
    if (first.kind !== 'number') this.fail(`Value of ${named} must be numeric`);
    const bottom = this.numberOf(first);
    const next = this.next();
    if (next.kind !== ']') {
      if (!operator.startsWith('>')) this.fail('Too many elements in numeric expression');
      this.readTop(next, bottom);
    }
    if (this.next().kind !== '}') this.fail('Too many elements in numeric expression');
  }

  private readTop(sign: Token, bottom: number): void {
    if (sign.kind !== 'string') this.fail(`Bad value in numeric range: ${this.textOf(sign)}`);
    const operator = this.textOf(sign);
    if (operator !== '<' && operator !== '<=') this.fail(`Bad numeric range operator: ${operator}`);
    const value = this.next();
    if (value.kind !== 'number') this.fail(`Value of ${operator} must be numeric`);
    const top = this.numberOf(value);
    if (this.next().kind !== ']') this.fail('Too many terms in numeric range expression');
    if (!(bottom < top)) this.fail('Bottom must be less than top');
  }

  private numberOf(token: Token): number {
    const value = Number(token.text);
    if (!(Math.abs(value) <= 5_000_000_000)) this.fail('Value must be between -5.0E9 and 5.0E9, inclusive');
    return value;
  }

  private readAnythingBut(): void {
    let value = this.next();
    let inner: string | undefined;
    if (value.kind === '{') {
      const name = this.next();
      if (name.kind !== 'name') this.fail('Anything-But expression name not found');
      if (!['equals-ignore-case', 'prefix', 'suffix', 'wildcard'].includes(name.text)) this.fail(`Unsupported anything-but pattern: ${name.text}`);
      inner = name.text;
      value = this.next();
    }
    if (value.kind !== '[' && value.kind !== 'string' && value.kind !== 'number') this.fail('Value of anything-but must be an array or single string/number value.');
    if (value.kind === '[') this.readValues(inner);
    else this.readValue(value, inner);
    if (this.next().kind !== '}') this.fail('Too many elements in numeric expression');
    if (inner !== undefined && this.next().kind !== '}') this.fail('Too many elements in numeric expression');
  }

  private readValues(inner: string | undefined): void {
    const kinds = new Set<TokenKind>();
    for (let token = this.next(); token.kind !== ']'; token = this.next()) kinds.add(this.readValue(token, inner));
    if (inner === undefined && kinds.size !== 1) this.fail('Inside anything but list, either all values are number or string, mixed type is not supported');
    if (inner !== undefined && kinds.size === 0) this.fail('Empty arrays are not allowed');
  }

  private readValue(token: Token, inner: string | undefined): TokenKind {
    if (inner === undefined) {
      if (token.kind !== 'string' && token.kind !== 'number') this.fail('Inside anything but list, start|null|boolean is not supported.');
      if (token.kind === 'number') this.numberOf(token);
      this.textOf(token);
      return token.kind;
    }
    if (token.kind !== 'string') {
      if (inner === 'equals-ignore-case') this.fail('Inside anything-but/equals-ignore-case list, number|start|null|boolean is not supported.');
      this.fail(inner === 'wildcard' ? 'wildcard match pattern must be a string' : 'prefix/suffix match pattern must be a string');
    }
    const text = this.textOf(token);
    if (text === '' && (inner === 'prefix' || inner === 'suffix')) this.fail('Null prefix/suffix not allowed');
    if (inner === 'wildcard') this.checkWildcard(text);
    return token.kind;
  }

  private checkWildcard(text: string): void {
    for (let at = 0; at < text.length; at += 1) {
      if (text[at] === '\\') {
        if (text[at + 1] !== '*' && text[at + 1] !== '\\') this.fail(`Invalid escape character at pos ${at + 1}`);
        at += 1;
      } else if (text[at] === '*') {
        this.wildcards += 1;
        if (text[at + 1] === '*') this.fail(`Consecutive wildcard characters at pos ${at + 1}`);
      }
    }
    if (this.wildcards > wildcardsMax) throw new Problem('Rule is too complex - try using fewer wildcard characters or fewer repeating character sequences after a wildcard character');
  }

  private checkCidr(text: string): void {
    const [address = '', bits = '', more] = text.split('/');
    const isV4 = /^\d{1,3}(\.\d{1,3}){3}$/.test(address) && address.split('.').every((byte) => Number(byte) < 256);
    const isV6 = address.includes(':') && /^[0-9a-fA-F:.]{2,45}$/.test(address);
    if (more !== undefined || bits === '') this.fail(`Malformed CIDR, one '/' required`);
    if (!isV4 && !isV6) this.fail(`Malformed CIDR, only IPv4 and IPv6 are supported`);
    if (!/^\d{1,3}$/.test(bits) || Number(bits) > (isV4 ? 32 : 128)) this.fail('Malformed CIDR, mask bits must be an integer');
  }
}

/** The tokens of a text that is known to be JSON. */
function tokenize(text: string): Token[] {
  const found: { kind: TokenKind; text: string; at: number; end: number }[] = [];
  const pattern = /\s*(?:([{}[\]])|("(?:[^"\\]|\\.)*")(\s*:)?|(-?[0-9][0-9.eE+-]*)|(true|false|null)|,)/gy;
  for (let match = pattern.exec(text); match; match = pattern.exec(text)) {
    const [, bracket, quoted, colon, number, word] = match;
    const end = pattern.lastIndex;
    if (bracket !== undefined) found.push({ kind: bracket as TokenKind, text: bracket, at: end, end });
    else if (quoted !== undefined) {
      const begin = end - quoted.length - (colon?.length ?? 0);
      found.push({ kind: colon === undefined ? 'string' : 'name', text: JSON.parse(quoted) as string, at: begin + 1, end: begin + quoted.length });
    } else if (number !== undefined) found.push({ kind: 'number', text: number, at: end, end });
    else if (word !== undefined) found.push({ kind: word as TokenKind, text: word, at: end, end });
  }
  found.forEach((token, index) => {
    if (token.kind === 'name') token.at = found[index + 1]?.at ?? token.end;
  });
  return found;
}
