// Reads Smithy's IDL, the text form in which the protocol tests are published, into Smithy's JSON AST. It covers what those files
// use (specification: "Smithy IDL"): traits, apply, mixins, inline inputs and outputs, text blocks. It does not validate models.

export type Node = string | number | boolean | null | readonly Node[] | { readonly [key: string]: Node };
type NodeObject = { [key: string]: Node };

interface AstMember {
  target: string;
  traits: NodeObject;
}

export interface AstShape {
  type: string;
  traits: NodeObject;
  members?: Record<string, AstMember>;
  member?: AstMember;
  key?: AstMember;
  value?: AstMember;
  mixins?: string[];
  [property: string]: unknown;
}

export interface Ast {
  readonly shapes: Record<string, AstShape>;
}

interface Scope {
  readonly namespace: string;
  readonly uses: ReadonlyMap<string, string>;
}

interface RawTrait {
  readonly name: string;
  readonly value: Node;
}

interface RawMember {
  readonly name: string;
  target: string | undefined;
  readonly traits: RawTrait[];
}

interface RawShape {
  readonly scope: Scope;
  readonly type: string;
  readonly name: string;
  readonly traits: RawTrait[];
  readonly members: RawMember[];
  readonly mixins: string[];
  readonly resource: string | undefined;
  readonly properties: NodeObject;
}

interface RawApply {
  readonly scope: Scope;
  readonly target: string;
  readonly traits: RawTrait[];
}

const simpleTypes = new Set([
  'blob', 'boolean', 'document', 'string', 'byte', 'short', 'integer', 'long', 'float', 'double', 'bigInteger', 'bigDecimal', 'timestamp',
]);
const memberTypes = new Set(['structure', 'union', 'list', 'set', 'map', 'enum', 'intEnum']);
const unit = 'smithy.api#Unit';

/** Parses files that together form one model. */
export function parseSmithy(texts: readonly string[]): Ast {
  const shapes: RawShape[] = [];
  const applies: RawApply[] = [];
  for (const text of texts) parseFile(text, shapes, applies);
  const defined = new Set(shapes.map((shape) => `${shape.scope.namespace}#${shape.name}`));
  return link(shapes, applies, defined);
}

function parseFile(text: string, shapes: RawShape[], applies: RawApply[]): void {
  const reader = new Reader(text);
  let namespace = '';
  const uses = new Map<string, string>();
  for (;;) {
    reader.skip();
    if (reader.atEnd()) return;
    if (reader.take('$')) {
      reader.identifier();
      reader.expect(':');
      reader.node();
      continue;
    }
    const traits = reader.traits();
    const word = reader.identifier();
    const scope: Scope = { namespace, uses };
    if (word === 'metadata') {
      reader.nodeKey();
      reader.expect('=');
      reader.node();
    } else if (word === 'namespace') namespace = reader.shapeId();
    else if (word === 'use') {
      const id = reader.shapeId();
      uses.set(id.split('#')[1] ?? id, id);
    } else if (word === 'apply') {
      const target = reader.shapeId();
      applies.push({ scope, target, traits: reader.take('{') ? reader.traitsUntilBrace() : reader.oneTrait() });
    } else parseShape(reader, word, traits, scope, shapes);
  }
}

function parseShape(reader: Reader, type: string, traits: RawTrait[], scope: Scope, shapes: RawShape[]): void {
  const name = reader.identifier();
  const resource = reader.takeWord('for') ? reader.shapeId() : undefined;
  const mixins = reader.takeWord('with') ? reader.idList() : [];
  const shape: RawShape = { scope, type, name, traits, members: [], mixins, resource, properties: {} };
  shapes.push(shape);
  if (simpleTypes.has(type)) return;
  reader.expect('{');
  if (memberTypes.has(type)) {
    parseMembers(reader, shape);
    return;
  }
  while (!reader.take('}')) {
    const key = reader.nodeKey();
    if (reader.take(':=')) {
      const inlineTraits = reader.traits();
      const inlineResource = reader.takeWord('for') ? reader.shapeId() : undefined;
      const inlineMixins = reader.takeWord('with') ? reader.idList() : [];
      const inline: RawShape = {
        scope, type: 'structure', name: name + (key === 'input' ? 'Input' : 'Output'), traits: inlineTraits, members: [], mixins: inlineMixins, resource: inlineResource, properties: {},
      };
      reader.expect('{');
      parseMembers(reader, inline);
      shapes.push(inline);
      shape.properties[key] = inline.name;
    } else {
      reader.expect(':');
      shape.properties[key] = reader.node();
    }
  }
}

function parseMembers(reader: Reader, shape: RawShape): void {
  while (!reader.take('}')) {
    const traits = reader.traits();
    const elided = reader.take('$');
    const name = reader.identifier();
    const isEnum = shape.type === 'enum' || shape.type === 'intEnum';
    const target = isEnum ? unit : elided ? undefined : (reader.expect(':'), reader.shapeId());
    if (reader.take('=')) {
      const value = reader.node();
      traits.push({ name: isEnum ? 'smithy.api#enumValue' : 'smithy.api#default', value });
    }
    shape.members.push({ name, target, traits });
  }
}

class Reader {
  private readonly text: string;
  private at = 0;

  constructor(text: string) {
    this.text = text;
  }

  // Commas are white space in Smithy.
  skip(): void {
    for (;;) {
      while (/[\s,]/.test(this.text.charAt(this.at))) this.at += 1;
      if (!this.text.startsWith('//', this.at)) return;
      const end = this.text.indexOf('\n', this.at);
      this.at = end < 0 ? this.text.length : end;
    }
  }

  atEnd(): boolean {
    return this.at >= this.text.length;
  }

  take(symbol: string): boolean {
    this.skip();
    if (!this.text.startsWith(symbol, this.at)) return false;
    if (symbol === ':' && this.text.startsWith(':=', this.at)) return false;
    this.at += symbol.length;
    return true;
  }

  takeWord(word: string): boolean {
    this.skip();
    if (!new RegExp(`^${word}\\b`).test(this.text.slice(this.at, this.at + word.length + 1))) return false;
    this.at += word.length;
    return true;
  }

  expect(symbol: string): void {
    if (!this.take(symbol)) throw new Error(`expected ${symbol} at: ${this.text.slice(this.at, this.at + 80)}`);
  }

  private match(pattern: RegExp): string {
    this.skip();
    pattern.lastIndex = this.at;
    const found = pattern.exec(this.text);
    if (!found) throw new Error(`unexpected text: ${this.text.slice(this.at, this.at + 80)}`);
    this.at += found[0].length;
    return found[0];
  }

  identifier(): string {
    return this.match(/[A-Za-z_][A-Za-z0-9_]*/y);
  }

  shapeId(): string {
    return this.match(/[A-Za-z_][A-Za-z0-9_.]*(?:#[A-Za-z_][A-Za-z0-9_]*)?(?:\$[A-Za-z_][A-Za-z0-9_]*)?/y);
  }

  idList(): string[] {
    this.expect('[');
    const found: string[] = [];
    while (!this.take(']')) found.push(this.shapeId());
    return found;
  }

  traits(): RawTrait[] {
    const found: RawTrait[] = [];
    while (this.take('@')) found.push(this.trait());
    return found;
  }

  oneTrait(): RawTrait[] {
    this.expect('@');
    return [this.trait()];
  }

  traitsUntilBrace(): RawTrait[] {
    const found = this.traits();
    this.expect('}');
    return found;
  }

  private trait(): RawTrait {
    const name = this.shapeId();
    // A trait's parentheses follow it at once.
    if (this.text.charAt(this.at) !== '(') return { name, value: {} };
    this.at += 1;
    if (this.take(')')) return { name, value: {} };
    this.skip();
    const isObject = /^(?:[A-Za-z_][\w]*|"(?:[^"\\]|\\.)*")\s*:/.test(this.text.slice(this.at, this.at + 200));
    const value = isObject ? this.objectUntil(')') : this.node();
    if (!isObject) this.expect(')');
    return { name, value };
  }

  nodeKey(): string {
    this.skip();
    return this.text.charAt(this.at) === '"' ? this.string() : this.identifier();
  }

  node(): Node {
    this.skip();
    const next = this.text.charAt(this.at);
    if (next === '{') {
      this.at += 1;
      return this.objectUntil('}');
    }
    if (next === '[') {
      this.at += 1;
      const items: Node[] = [];
      while (!this.take(']')) items.push(this.node());
      return items;
    }
    if (next === '"') return this.string();
    if (/[-\d]/.test(next)) return Number(this.match(/-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?/y));
    const word = this.shapeId();
    if (word === 'true' || word === 'false') return word === 'true';
    return word === 'null' ? null : { $id: word };
  }

  private objectUntil(end: string): NodeObject {
    const result: NodeObject = {};
    while (!this.take(end)) {
      const key = this.nodeKey();
      this.expect(':');
      result[key] = this.node();
    }
    return result;
  }

  private string(): string {
    if (this.text.startsWith('"""', this.at)) return this.textBlock();
    const raw = this.match(/"(?:[^"\\]|\\[\s\S])*"/y);
    return unescape(raw.slice(1, -1));
  }

  private textBlock(): string {
    const start = this.text.indexOf('\n', this.at) + 1;
    let end = start;
    while (!this.text.startsWith('"""', end)) end += this.text.charAt(end) === '\\' ? 2 : 1;
    this.at = end + 3;
    const lines = this.text.slice(start, end).split('\n');
    const last = lines.at(-1) ?? '';
    const significant = lines.filter((line, index) => line.trim() !== '' || index === lines.length - 1);
    const indent = Math.min(...significant.map((line) => line.length - line.trimStart().length));
    const body = lines.map((line, index) => (index === lines.length - 1 && last.trim() === '' ? '' : line.slice(indent).replace(/[ \t]+$/, '')));
    return unescape(body.join('\n'));
  }
}

function unescape(text: string): string {
  return text.replace(/\\(?:u([0-9a-fA-F]{4})|\n|([\s\S]))/g, (_, code: string | undefined, letter: string | undefined) => {
    if (code !== undefined) return String.fromCharCode(Number.parseInt(code, 16));
    if (letter === undefined) return '';
    return { n: '\n', r: '\r', t: '\t', b: '\b', f: '\f', '/': '/' }[letter] ?? letter;
  });
}

function link(shapes: readonly RawShape[], applies: readonly RawApply[], defined: ReadonlySet<string>): Ast {
  const resolve = (scope: Scope, name: string): string => {
    const [base = '', member] = name.split('$');
    const full = base.includes('#') ? base : (scope.uses.get(base) ?? (defined.has(`${scope.namespace}#${base}`) ? `${scope.namespace}#${base}` : `smithy.api#${base}`));
    return member === undefined ? full : `${full}$${member}`;
  };
  const resolveNode = (scope: Scope, node: Node): Node => {
    if (Array.isArray(node)) return node.map((item: Node) => resolveNode(scope, item));
    if (typeof node !== 'object' || node === null) return node;
    const object = node as { readonly [key: string]: Node };
    if (typeof object['$id'] === 'string') return resolve(scope, object['$id']);
    return Object.fromEntries(Object.entries(object).map(([key, value]) => [key, resolveNode(scope, value)]));
  };
  const traitsOf = (scope: Scope, traits: readonly RawTrait[]): NodeObject =>
    Object.fromEntries(traits.map((trait) => [resolve(scope, trait.name), resolveNode(scope, trait.value)]));

  const linked: Record<string, AstShape> = {};
  const byId = new Map(shapes.map((shape) => [`${shape.scope.namespace}#${shape.name}`, shape]));
  for (const shape of shapes) linked[`${shape.scope.namespace}#${shape.name}`] = linkShape(shape, byId, resolve, resolveNode, traitsOf);
  for (const { scope, target, traits } of applies) {
    const [id = '', member] = resolve(scope, target).split('$');
    const shape = linked[id];
    const applied = member === undefined ? shape : (shape?.members?.[member] ?? (shape?.[member] as AstMember | undefined));
    if (applied) Object.assign(applied.traits, traitsOf(scope, traits));
  }
  return { shapes: linked };
}

function linkShape(
  shape: RawShape,
  byId: ReadonlyMap<string, RawShape>,
  resolve: (scope: Scope, name: string) => string,
  resolveNode: (scope: Scope, node: Node) => Node,
  traitsOf: (scope: Scope, traits: readonly RawTrait[]) => NodeObject,
): AstShape {
  const result: AstShape = { type: shape.type, traits: traitsOf(shape.scope, shape.traits) };
  const members: Record<string, AstMember> = {};
  for (const mixin of shape.mixins) {
    const found = byId.get(resolve(shape.scope, mixin));
    if (!found) continue;
    const mixed = linkShape(found, byId, resolve, resolveNode, traitsOf);
    for (const [name, member] of Object.entries(mixed.members ?? {})) members[name] = { target: member.target, traits: { ...member.traits } };
    const { 'smithy.api#mixin': _mixin, ...traits } = mixed.traits;
    result.traits = { ...traits, ...result.traits };
  }
  for (const member of shape.members) {
    const inherited = members[member.name];
    members[member.name] = {
      target: member.target === undefined ? (inherited?.target ?? 'smithy.api#String') : resolve(shape.scope, member.target),
      traits: { ...inherited?.traits, ...traitsOf(shape.scope, member.traits) },
    };
  }
  if (shape.type === 'list' || shape.type === 'set' || shape.type === 'map') Object.assign(result, members);
  else if (memberTypes.has(shape.type)) result.members = members;
  for (const [key, value] of Object.entries(shape.properties)) result[key] = property(key, value, shape.scope, resolve, resolveNode);
  return result;
}

function property(
  key: string,
  value: Node,
  scope: Scope,
  resolve: (scope: Scope, name: string) => string,
  resolveNode: (scope: Scope, node: Node) => Node,
): unknown {
  const reference = (node: Node): { target: string } => {
    const id = typeof node === 'object' && node !== null && !Array.isArray(node) ? (node as NodeObject)['$id'] : node;
    return { target: resolve(scope, String(id)) };
  };
  if (key === 'input' || key === 'output') return reference(value);
  if (['operations', 'resources', 'errors', 'collectionOperations'].includes(key) && Array.isArray(value)) return value.map(reference);
  if (['create', 'put', 'read', 'update', 'delete', 'list'].includes(key)) return reference(value);
  return resolveNode(scope, value);
}
