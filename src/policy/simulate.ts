// What a simulation tells beyond a decision: every statement that took part, what the request should have said, and how each
// guardrail judges by itself.

import { applies, describeCandidate, evaluate, matchesResource } from './evaluate.ts';
import { setsOf } from './nearMisses.ts';
import { matchPrincipal } from './principals.ts';
import type { ApplicablePolicies, DecidingStatement, Evaluation, PolicyLayer, PolicyRequest, PolicySet, Statement } from './types.ts';

export interface Simulation {
  readonly evaluation: Evaluation;
  /** Of an explicit deny the denying statements only. */
  readonly matched: readonly DecidingStatement[];
  /** Condition keys that statements about the action ask for and the request does not have. */
  readonly missingKeys: readonly string[];
  /** Absent where there is no boundary, or no organisation. */
  readonly allowedByBoundary: boolean | undefined;
  readonly allowedByOrganization: boolean | undefined;
}

const layers: readonly PolicyLayer[] = ['identity', 'resource', 'boundary', 'session', 'service-control', 'resource-control'];

/** Decides a request and tells what decided. */
export function simulate(request: PolicyRequest, policies: ApplicablePolicies): Simulation {
  const evaluation = evaluate(request, policies);
  const effect = evaluation.decision === 'explicit-deny' ? 'denies' : 'allows';
  const all = layers.flatMap((layer) => setsOf(layer, policies).flatMap((set) => matchedIn(layer, set, request, effect)));
  // Guardrails allow nothing by themselves: their allow statements do not count as matched.
  const matched = effect === 'denies' ? all : all.filter(({ layer }) => layer === 'identity' || layer === 'resource');
  return {
    evaluation,
    matched: evaluation.decision === 'implicit-deny' && evaluation.missing === 'identity' ? [] : matched,
    missingKeys: missingKeysOf(request, policies),
    allowedByBoundary: policies.boundary && allows('boundary', policies.boundary, request),
    allowedByOrganization: policies.serviceControl && policies.serviceControl.every((level) => allows('service-control', level, request)),
  };
}

/** The condition keys and policy variables that statements name, as written. */
export function contextKeysOf(statements: readonly Statement[]): string[] {
  const names = statements.flatMap((statement) => [
    ...statement.conditions.flatMap(({ name, values }) => [name, ...values.flatMap(({ pattern }) => variablesIn(pattern.source))]),
    ...(statement.resources?.patterns ?? []).flatMap((resource) => (resource.kind === 'whole' ? [resource.pattern] : resource.parts).flatMap(({ source }) => variablesIn(source))),
  ]);
  const byKey = new Map<string, string>();
  for (const name of names) if (!byKey.has(name.toLowerCase())) byKey.set(name.toLowerCase(), name);
  return [...byKey.values()];
}

function variablesIn(source: string): string[] {
  return [...source.matchAll(/\$\{([^}]*)\}/g)].map(([, inner = '']) => (inner.split(',')[0] ?? '').trim()).filter((name) => name.includes(':'));
}

function matchedIn(layer: PolicyLayer, set: PolicySet, request: PolicyRequest, effect: 'denies' | 'allows'): DecidingStatement[] {
  const candidates = set.statements.about(request.action)[effect];
  return candidates.filter(({ statement }) => applies(statement, request)).map((candidate) => describeCandidate(layer, set, candidate));
}

function allows(layer: PolicyLayer, sets: readonly PolicySet[], request: PolicyRequest): boolean {
  const matches = (effect: 'denies' | 'allows'): boolean => sets.some((set) => matchedIn(layer, set, request, effect).length > 0);
  return !matches('denies') && matches('allows');
}

function missingKeysOf(request: PolicyRequest, policies: ApplicablePolicies): string[] {
  const sets = layers.flatMap((layer) => setsOf(layer, policies));
  const about = sets.flatMap((set) => {
    const { denies, allows: allowing } = set.statements.about(request.action);
    return [...denies, ...allowing].map(({ statement }) => statement);
  });
  const relevant = about.filter(
    ({ principals, resources }) =>
      (principals === undefined || matchPrincipal(principals, request.principal) !== 'none') && (resources === undefined || hasVariable(resources) || matchesResource(resources, request)),
  );
  return contextKeysOf(relevant).filter((name) => request.context.get(name.toLowerCase()) === undefined);
}

function hasVariable({ patterns }: NonNullable<Statement['resources']>): boolean {
  return patterns.some((resource) => (resource.kind === 'whole' ? [resource.pattern] : resource.parts).some(({ pieces }) => pieces === undefined));
}
