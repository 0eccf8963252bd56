import {
  isArrowFunction,
  isConstructorDeclaration,
  isFunctionDeclaration,
  isFunctionExpression,
  isGetAccessorDeclaration,
  isMethodDeclaration,
  isSetAccessorDeclaration,
  type Node,
} from 'typescript/unstable/ast';
import { lineOf, walk, type Finding, type SourceUnit } from '../sources.ts';

const fileLinesMax = 450;
const functionLinesMax = 70;
const serviceManifestLinesMax = 80;

/** Files, functions and service manifests that have grown beyond what one reads in one go. */
export function findOversize(unit: SourceUnit): Finding[] {
  const findings: Finding[] = [];
  const { path } = unit;
  const lines = countLines(unit.text);
  if (lines > fileLinesMax) findings.push({ path, line: 1, message: `${lines} lines; split it (at most ${fileLinesMax})` });
  if (/^src\/services\/[^/]+\/service\.ts$/.test(path) && lines > serviceManifestLinesMax) {
    findings.push({ path, line: 1, message: `${lines} lines; a service's manifest has at most ${serviceManifestLinesMax}: move code to operations/ or domain/` });
  }
  walk(unit.ast, (node) => {
    if (!isFunction(node)) return;
    const length = ownLines(unit, node);
    if (length > functionLinesMax) findings.push({ path, line: lineOf(unit, node), message: `a function of ${length} lines; split it (at most ${functionLinesMax})` });
  });
  return findings;
}

export function countLines(text: string): number {
  return text.split('\n').length - (text.endsWith('\n') ? 1 : 0);
}

// The lines of a function without those of the functions in it: what `createX` returns, and the tests that a suite declares,
// are read one by one like the methods of a class. Each is measured by itself.
function ownLines(unit: SourceUnit, node: Node): number {
  const linesOf = (inner: Node): number => unit.ast.getLineAndCharacterOfPosition(inner.getEnd()).line + 2 - lineOf(unit, inner);
  let lines = linesOf(node);
  const visit = (child: Node): void => {
    if (isFunction(child)) lines -= Math.max(0, linesOf(child) - 2);
    else child.forEachChild(visit);
  };
  node.forEachChild(visit);
  return lines;
}

function isFunction(node: Node): boolean {
  return (
    isFunctionDeclaration(node) ||
    isFunctionExpression(node) ||
    isArrowFunction(node) ||
    isMethodDeclaration(node) ||
    isConstructorDeclaration(node) ||
    isGetAccessorDeclaration(node) ||
    isSetAccessorDeclaration(node)
  );
}
