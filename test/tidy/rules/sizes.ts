import {
  isArrowFunction,
  isCallExpression,
  isConstructorDeclaration,
  isFunctionDeclaration,
  isFunctionExpression,
  isGetAccessorDeclaration,
  isIdentifier,
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
    if (!isFunction(node) || holdsTests(node)) return;
    const length = unit.ast.getLineAndCharacterOfPosition(node.getEnd()).line + 2 - lineOf(unit, node);
    if (length > functionLinesMax) findings.push({ path, line: lineOf(unit, node), message: `a function of ${length} lines; split it (at most ${functionLinesMax})` });
  });
  return findings;
}

export function countLines(text: string): number {
  return text.split('\n').length - (text.endsWith('\n') ? 1 : 0);
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

// A contract suite is a function that only declares tests: each of them is measured by itself.
function holdsTests(node: Node): boolean {
  let holds = false;
  walk(node, (child) => {
    if (isCallExpression(child) && isIdentifier(child.expression) && ['test', 'describe', 'it'].includes(child.expression.text)) holds = true;
  });
  return holds;
}
