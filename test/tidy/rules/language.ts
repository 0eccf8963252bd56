import {
  isCallExpression,
  isEnumDeclaration,
  isExportAssignment,
  isExportDeclaration,
  isFunctionDeclaration,
  isIdentifier,
  isModuleDeclaration,
  isNewExpression,
  isNonNullExpression,
  isPropertyAccessExpression,
  isVariableDeclaration,
  SyntaxKind,
  type FunctionDeclaration,
  type Node,
} from 'typescript/unstable/ast';
import { isTest, lineOf, walk, type Finding, type SourceUnit } from '../sources.ts';

interface Ban {
  readonly what: string;
  readonly instead: string;
  readonly matches: (node: Node) => boolean;
}

const isMember = (node: Node, object: string, member?: string): boolean =>
  isPropertyAccessExpression(node) && isIdentifier(node.expression) && node.expression.text === object && (member === undefined || node.name.text === member);

const isCallOf = (node: Node, name: string): boolean => isCallExpression(node) && isIdentifier(node.expression) && node.expression.text === name;

// What reaches outside the program. Product code gets time, chance, logs and settings as arguments.
const ambientBans: readonly Ban[] = [
  { what: 'Date.now', instead: 'take a Clock (base/clock.ts) and call clock.now()', matches: (node) => isMember(node, 'Date', 'now') },
  {
    what: 'new Date() of the present',
    instead: 'take a Clock (base/clock.ts): new Date(clock.now())',
    matches: (node) => isNewExpression(node) && isIdentifier(node.expression) && node.expression.text === 'Date' && (node.arguments?.length ?? 0) === 0,
  },
  { what: 'setTimeout', instead: 'use clock.at or delay (base/clock.ts)', matches: (node) => isCallOf(node, 'setTimeout') },
  { what: 'setInterval', instead: 'use clock.at or delay (base/clock.ts)', matches: (node) => isCallOf(node, 'setInterval') },
  { what: 'Math.random', instead: 'take a Random (base/random.ts)', matches: (node) => isMember(node, 'Math', 'random') },
  { what: 'console', instead: 'take a Logger (base/log.ts)', matches: (node) => isMember(node, 'console') },
  { what: 'process.env', instead: 'take the setting as an argument; server/ and cli/ read the environment', matches: (node) => isMember(node, 'process', 'env') },
];

/** Ambient time, chance, output and settings outside base/, server/ and cli/. */
export function findAmbientUse(unit: SourceUnit): Finding[] {
  const { path } = unit;
  // Tests may read the environment and wait for real processes, but never draw lots without a seed.
  const bans = isTest(path) ? ambientBans.filter((ban) => ban.what === 'Math.random') : ambientBans;
  if (!/^(src|test)\//.test(path) || /^src\/(base|server|cli)\//.test(path)) return [];
  return findBans(unit, bans);
}

const languageBans: readonly Ban[] = [
  { what: '`any`', instead: 'use unknown and narrow it', matches: (node) => node.kind === SyntaxKind.AnyKeyword },
  { what: 'a non-null `!`', instead: 'narrow the value, or use assert (base/errors.ts)', matches: isNonNullExpression },
  { what: 'an enum', instead: 'use a union of literals or an `as const` table', matches: isEnumDeclaration },
  { what: 'a namespace', instead: 'use a module', matches: isModuleDeclaration },
  {
    what: 'a default export',
    instead: 'export by name',
    matches: (node) => isExportAssignment(node) || (node.kind === SyntaxKind.DefaultKeyword && isFunctionDeclaration(node.parent)),
  },
  { what: 'definite assignment `!`', instead: 'give the variable a value', matches: (node) => isVariableDeclaration(node) && node.exclamationToken !== undefined },
];

/** Parts of the language that this project does without. */
export function findLanguageUse(unit: SourceUnit): Finding[] {
  const comments = ['@ts-ignore', '@ts-nocheck'].filter((word) => new RegExp(`//\\s*${word}|/\\*\\s*${word}`).test(unit.text));
  const silenced = comments.map((word) => ({ path: unit.path, line: 1, message: `${word}: mend the type instead` }));
  return [...findBans(unit, languageBans), ...silenced];
}

function findBans(unit: SourceUnit, bans: readonly Ban[]): Finding[] {
  const findings: Finding[] = [];
  walk(unit.ast, (node) => {
    const ban = bans.find(({ matches }) => matches(node));
    if (ban) findings.push({ path: unit.path, line: lineOf(unit, node), message: `${ban.what}: ${ban.instead}` });
  });
  return findings;
}

/** A file that only passes on what others export. */
export function findBarrels(unit: SourceUnit): Finding[] {
  const { statements } = unit.ast;
  const isBarrel = statements.length > 0 && statements.every((statement) => isExportDeclaration(statement) && statement.moduleSpecifier !== undefined);
  return isBarrel ? [{ path: unit.path, line: 1, message: 'a barrel file: import from the file that defines the name' }] : [];
}

/** `test.only`, and skipped tests that do not say why. */
export function findSilencedTests(unit: SourceUnit): Finding[] {
  const findings: Finding[] = [];
  walk(unit.ast, (node) => {
    const report = (message: string): void => void findings.push({ path: unit.path, line: lineOf(unit, node), message });
    if (['test', 'it', 'describe', 'suite'].some((name) => isMember(node, name, 'only'))) report('.only keeps every other test from running');
    if (isMember(node, 'test', 'skip') || isMember(node, 'it', 'skip')) report("use { skip: 'the reason' }, so that the reason is printed");
    if (node.kind === SyntaxKind.PropertyAssignment && /^skip:\s*true\b/.test(node.getText(unit.ast))) report("skip: true says no reason; write skip: 'the reason'");
  });
  return isTest(unit.path) ? findings : [];
}

/** Exported functions without a comment that says what they do, as `path#name`. */
export function findUndocumented(unit: SourceUnit): string[] {
  if (!unit.path.startsWith('src/') || isTest(unit.path)) return [];
  return unit.ast.statements.flatMap((statement) => {
    if (!isFunctionDeclaration(statement) || !isExported(statement) || (statement.jsDoc?.length ?? 0) > 0) return [];
    return isOverloadOfPrevious(unit, statement) ? [] : [`${unit.path}#${statement.name?.text ?? 'default'}`];
  });
}

function isExported(declaration: FunctionDeclaration): boolean {
  return declaration.modifiers?.some((modifier) => modifier.kind === SyntaxKind.ExportKeyword) ?? false;
}

// Only the first of several signatures carries the comment.
function isOverloadOfPrevious(unit: SourceUnit, declaration: FunctionDeclaration): boolean {
  const previous = unit.ast.statements[unit.ast.statements.indexOf(declaration) - 1];
  return previous !== undefined && isFunctionDeclaration(previous) && previous.name?.text === declaration.name?.text;
}
