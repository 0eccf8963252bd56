import { isCallExpression, isExportDeclaration, isImportDeclaration, isImportTypeNode, isLiteralTypeNode, isNamedImports, isStringLiteral, SyntaxKind, type Node } from 'typescript/unstable/ast';
import { posix } from 'node:path';
import { isTest, lineOf, walk, type Finding, type SourceUnit } from '../sources.ts';

/** One import, re-export, `import()` or `import('…')` type. */
export interface Import {
  readonly from: string;
  /** The names taken, as their module exports them; empty for a whole module. */
  readonly names: readonly string[];
  readonly specifier: string;
  /** The project file it names; undefined for packages and `node:` modules. */
  readonly target: string | undefined;
  readonly typeOnly: boolean;
  readonly line: number;
}

export function importsOf(unit: SourceUnit): Import[] {
  const imports: Import[] = [];
  walk(unit.ast, (node) => {
    const found = readImport(node);
    if (!found) return;
    const { specifier } = found;
    const target = specifier.startsWith('.') ? posix.join(posix.dirname(unit.path), specifier) : undefined;
    imports.push({ ...found, from: unit.path, target, line: lineOf(unit, node) });
  });
  return imports;
}

function readImport(node: Node): Pick<Import, 'specifier' | 'typeOnly' | 'names'> | undefined {
  if (isImportDeclaration(node) && isStringLiteral(node.moduleSpecifier)) {
    const bindings = node.importClause?.namedBindings;
    const elements = bindings && isNamedImports(bindings) ? [...bindings.elements] : [];
    const clauseIsType = node.importClause?.phaseModifier === SyntaxKind.TypeKeyword;
    return {
      specifier: node.moduleSpecifier.text,
      typeOnly: clauseIsType || (elements.length > 0 && elements.every((element) => element.isTypeOnly)),
      names: elements.map((element) => (element.propertyName ?? element.name).text),
    };
  }
  if (isExportDeclaration(node) && node.moduleSpecifier && isStringLiteral(node.moduleSpecifier)) {
    return { specifier: node.moduleSpecifier.text, typeOnly: node.isTypeOnly, names: [] };
  }
  if (isImportTypeNode(node) && isLiteralTypeNode(node.argument) && isStringLiteral(node.argument.literal)) {
    return { specifier: node.argument.literal.text, typeOnly: true, names: [] };
  }
  if (isCallExpression(node) && node.expression.kind === SyntaxKind.ImportKeyword) {
    const specifier = node.arguments[0];
    return specifier && isStringLiteral(specifier) ? { specifier: specifier.text, typeOnly: false, names: [] } : undefined;
  }
  return undefined;
}

// What each layer may import besides itself (ARCHITECTURE.md, "Layers"). `kv` and `kv/drivers` are two layers.
const layers: Readonly<Record<string, readonly string[]>> = {
  base: [],
  kv: ['base'],
  'kv/drivers': ['base', 'kv'],
  blob: ['base', 'kv'],
  wire: ['base'],
  model: [],
  // Types only, of what a port's user hands over inside a transaction.
  ports: ['base', 'kv'],
  outbox: ['base', 'kv', 'ports'],
  policy: ['base'],
  pattern: ['base'],
  framework: ['base', 'kv', 'wire', 'model', 'ports', 'outbox', 'policy'],
  workers: ['base'],
  sandbox: ['base', 'blob', 'ports'],
  services: ['base', 'kv', 'blob', 'ports', 'framework', 'pattern'],
  cli: ['base', 'model', 'wire', 'server'],
};

// Services that may use more than the others.
const serviceExtras: Readonly<Record<string, readonly string[]>> = {
  iam: ['policy'],
  sts: ['policy'],
  kms: ['policy'],
  lambda: ['sandbox', 'workers'],
  'cloud-functions': ['sandbox', 'workers'],
};
// A test may put its subject on the memory engine and decide with real policies; it still never goes through the wire.
const testExtras = ['kv/drivers', 'ports', 'outbox', 'workers', 'policy'];

/** Imports that go against the order of the layers, or from one service into another. */
export function findLayerViolations(units: readonly SourceUnit[]): Finding[] {
  return units.flatMap((unit) => importsOf(unit)).flatMap((found) => {
    const problem = found.target === undefined ? undefined : layerProblem(found.from, found.target);
    return problem === undefined ? [] : [{ path: found.from, line: found.line, message: problem }];
  });
}

function layerProblem(from: string, target: string): string | undefined {
  const layer = layerOf(from);
  const wanted = layerOf(target);
  const isTestFile = isTest(from);
  if (layer === undefined) return undefined;
  if (wanted === undefined) return isTestFile && target.startsWith('test/') ? undefined : `src/ may not import ${target}`;
  if (layer === 'server' || (layer === wanted && layer !== 'services')) return undefined;
  if (layer === 'services' && wanted === 'services') {
    return serviceOf(from) === serviceOf(target) ? undefined : `one service may not import another: ask through ports/ instead of ${target}`;
  }
  const allowed = [...(layers[layer] ?? []), ...(layer === 'services' ? (serviceExtras[serviceOf(from)] ?? []) : []), ...(isTestFile ? testExtras : [])];
  return allowed.includes(wanted) ? undefined : `${layer} may import ${allowed.join(', ') || 'nothing'}; not ${wanted} (${target})`;
}

function layerOf(path: string): string | undefined {
  const [top, layer, next] = path.split('/');
  if (top !== 'src' || layer === undefined) return undefined;
  return layer === 'kv' && next === 'drivers' ? 'kv/drivers' : layer;
}

function serviceOf(path: string): string {
  return path.split('/')[2] ?? '';
}

/** The functions, as `path#name`, that code of another layer or service imports. */
export function publicNames(units: readonly SourceUnit[]): Set<string> {
  const names = new Set<string>();
  for (const { from, target, names: taken } of units.flatMap(importsOf)) {
    if (target === undefined || isTest(from) || partOf(from) === partOf(target)) continue;
    for (const name of taken) names.add(`${target}#${name}`);
  }
  return names;
}

function partOf(path: string): string {
  const layer = layerOf(path) ?? '';
  return layer === 'services' ? `services/${serviceOf(path)}` : layer;
}

// Which code may load which package at run time. Types cost nothing and are free.
const packageHomes: Readonly<Record<string, readonly string[]>> = {
  lmdb: ['src/kv/drivers/'],
  'classic-level': ['src/kv/drivers/level/'],
  'cbor-x': ['src/kv/', 'src/wire/', 'src/base/'],
  yauzl: ['src/services/lambda/', 'src/workers/', 'src/sandbox/java/'],
  jose: ['src/services/sts/'],
};

/** Packages loaded where they are not at home; above all client SDKs, of which the server loads none. */
export function findPackageViolations(units: readonly SourceUnit[]): Finding[] {
  const product = units.filter((unit) => unit.path.startsWith('src/') && !isTest(unit.path));
  return product.flatMap((unit) => importsOf(unit)).flatMap(({ from, specifier, typeOnly, line }) => {
    if (specifier.startsWith('.') || specifier.startsWith('node:') || typeOnly) return [];
    const name = specifier.split('/').slice(0, specifier.startsWith('@') ? 2 : 1).join('/');
    const homes = packageHomes[name] ?? [];
    if (homes.some((home) => from.startsWith(home))) return [];
    const advice = homes.length > 0 ? `only ${homes.join(', ')} may load ${name}` : `the server may not load ${name}: use \`import type\`, or node: modules`;
    return [{ path: from, line, message: advice }];
  });
}

/** Circles of imports. `import type` is left out: it is gone when the program runs. */
export function findCycles(units: readonly SourceUnit[]): Finding[] {
  const edges = new Map(units.map((unit) => [unit.path, importsOf(unit).flatMap(({ target, typeOnly }) => (target === undefined || typeOnly ? [] : [target]))]));
  const state = new Map<string, 'open' | 'done'>();
  const findings: Finding[] = [];
  const visit = (path: string, trail: readonly string[]): void => {
    if (state.get(path) === 'done') return;
    if (state.get(path) === 'open') {
      const circle = [...trail.slice(trail.indexOf(path)), path];
      findings.push({ path, line: 1, message: `imports go in a circle: ${circle.join(' -> ')}` });
      return;
    }
    state.set(path, 'open');
    for (const target of edges.get(path) ?? []) if (edges.has(target)) visit(target, [...trail, path]);
    state.set(path, 'done');
  };
  for (const path of edges.keys()) visit(path, []);
  return findings;
}

/** Product files that no entry point and no test reaches. */
export function findDeadFiles(units: readonly SourceUnit[], isEntry: (path: string) => boolean): Finding[] {
  const byPath = new Map(units.map((unit) => [unit.path, unit]));
  const reached = new Set<string>();
  const pending = units.map((unit) => unit.path).filter(isEntry);
  for (let path = pending.pop(); path !== undefined; path = pending.pop()) {
    const unit = byPath.get(path);
    if (!unit || reached.has(path)) continue;
    reached.add(path);
    pending.push(...neighbours(unit));
  }
  const dead = units.filter((unit) => !reached.has(unit.path));
  return dead.map(({ path }) => ({ path, line: 1, message: 'nothing imports this file: delete it, or wire it in' }));
}

// A worker or a bootstrap is started by its file name: `new URL('./worker.ts', import.meta.url)`.
function neighbours(unit: SourceUnit): string[] {
  const named: string[] = [];
  walk(unit.ast, (node) => {
    if (isStringLiteral(node) && /\.[jt]s$/.test(node.text)) named.push(posix.join(posix.dirname(unit.path), node.text.replace(/\.js$/, '.ts')));
  });
  return [...named, ...importsOf(unit).flatMap(({ target }) => (target === undefined ? [] : [target]))];
}
