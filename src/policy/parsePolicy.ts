import { compileArnPattern } from './arnPattern.ts';
import { compileOperand, parseOperator } from './conditions.ts';
import { readDocument, type Fault, type RawCondition, type RawDocument, type RawPrincipal, type RawStatement } from './grammar.ts';
import { identityProblem } from './identityRules.ts';
import { compilePattern, type Pattern } from './pattern.ts';
import { trustFaultText, trustProblem } from './trustRules.ts';
import type { ActionSet, Condition, Policy, PrincipalSet, ResourcePattern, ResourceSet, Statement } from './types.ts';

/**
 * What the document is for: permissions of an identity, a role's trust policy, a resource's own policy, or (`stored`)
 * one that was checked when it was stored.
 */
export type PolicyKind = 'identity' | 'trust' | 'resource' | 'stored';

/** `problem` is the message of AWS's MalformedPolicyDocument error. */
export type ParsedPolicy = { readonly policy: Policy } | { readonly problem: string };

/** Reads, checks and compiles a document. */
export function parsePolicy(text: string, kind: PolicyKind): ParsedPolicy {
  const document = readDocument(text);
  if ('fault' in document) return { problem: faultText(document, kind) };
  const problem = problemOf(document, kind);
  if (problem !== undefined) return { problem };
  return { policy: compileDocument(document) };
}

function faultText(fault: Fault, kind: PolicyKind): string {
  return kind === 'trust' ? trustFaultText(fault) : 'Syntax errors in policy.';
}

function problemOf(document: RawDocument, kind: PolicyKind): string | undefined {
  if (kind === 'identity') return identityProblem(document);
  if (kind === 'trust') return trustProblem(document);
  if (kind === 'resource') {
    const incomplete = document.statements.some(
      ({ principal, notPrincipal, action, notAction }) => !(principal ?? notPrincipal) || !(action ?? notAction),
    );
    return incomplete ? 'Syntax errors in policy.' : undefined;
  }
  return undefined;
}

function compileDocument(document: RawDocument): Policy {
  const version = document.version === '2012-10-17' ? '2012-10-17' : '2008-10-17';
  return { version, statements: document.statements.map((statement, index) => compileStatement(statement, index, version === '2012-10-17')) };
}

function compileStatement(raw: RawStatement, index: number, variables: boolean): Statement {
  return {
    index,
    sid: raw.sid,
    effect: raw.effect.toLowerCase() === 'deny' ? 'Deny' : 'Allow',
    actions: compileActions(raw.action ?? raw.notAction ?? [], raw.notAction !== undefined),
    resources: compileResources(raw.resource ?? raw.notResource, raw.notResource !== undefined, variables),
    principals: compilePrincipals(raw.principal ?? raw.notPrincipal, raw.notPrincipal !== undefined),
    conditions: raw.conditions.flatMap((condition) => compileCondition(condition, variables) ?? []),
  };
}

function compileActions(actions: readonly string[], negated: boolean): ActionSet {
  const byService = new Map<string, Pattern[]>();
  const anyService: Pattern[] = [];
  for (const action of actions) {
    const source = action.toLowerCase();
    const pattern = compilePattern(source, { variables: false, wildcards: true });
    const service = source.slice(0, Math.max(0, source.indexOf(':')));
    if (service === '' || /[*?]/.test(service)) anyService.push(pattern);
    else if (byService.has(service)) byService.get(service)?.push(pattern);
    else byService.set(service, [pattern]);
  }
  return { negated, byService, anyService };
}

function compileResources(resources: readonly string[] | undefined, negated: boolean, variables: boolean): ResourceSet | undefined {
  return resources && { negated, patterns: resources.map((resource) => compileResource(resource, variables)) };
}

function compileResource(resource: string, variables: boolean): ResourcePattern {
  const options = { variables, wildcards: true };
  if (!resource.includes(':')) return { kind: 'whole', pattern: compilePattern(resource, options) };
  return { kind: 'arn', parts: compileArnPattern(resource, options) };
}

function compilePrincipals(raw: RawPrincipal | undefined, negated: boolean): PrincipalSet | undefined {
  if (raw === undefined) return undefined;
  const names = (kind: string): readonly string[] => (raw === '*' ? [] : (raw.get(kind) ?? []));
  const accounts = new Set<string>();
  const identities = new Set<string>();
  for (const name of names('AWS')) {
    const account = accountOf(name);
    if (account !== undefined) accounts.add(account);
    else if (name !== '*') identities.add(name);
  }
  return {
    negated,
    everyone: raw === '*' || names('AWS').includes('*'),
    accounts,
    identities,
    services: new Set(names('Service')),
    federated: new Set(names('Federated')),
  };
}

function accountOf(name: string): string | undefined {
  return /^(?:arn:[^:]+:iam::)?(\d{12})(?::root)?$/.exec(name)?.[1];
}

function compileCondition(raw: RawCondition, variables: boolean): Condition | undefined {
  const parsed = parseOperator(raw.operator);
  return parsed && { ...parsed, key: raw.key.toLowerCase(), name: raw.key, values: raw.values.map((value) => compileOperand(parsed.operator, value, variables)) };
}
