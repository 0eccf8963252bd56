// Why a layer that had to allow did not: the statements that speak about the action and fail on something else.

import { findUnmet } from './conditions.ts';
import { describeCandidate, matchesResource } from './evaluate.ts';
import { matchPrincipal } from './principals.ts';
import type { ApplicablePolicies, Candidate, DecidingStatement, PolicyLayer, PolicyRequest, PolicySet } from './types.ts';

export interface NearMiss {
  readonly statement: DecidingStatement;
  readonly failed: 'resource' | 'principal' | 'condition';
  /** The condition that does not hold. */
  readonly condition?: { readonly operator: string; readonly key: string; readonly wanted: readonly string[]; readonly actual: readonly string[] | undefined };
}

/** Allow statements of the layer that name the action and still do not apply; at most `limit`. */
export function findNearMisses(layer: PolicyLayer, request: PolicyRequest, policies: ApplicablePolicies, limit: number): NearMiss[] {
  const found: NearMiss[] = [];
  for (const set of setsOf(layer, policies)) {
    for (const candidate of set.statements.about(request.action).allows) {
      const miss = missOf(candidate, request);
      if (miss && found.length < limit) found.push({ statement: describeCandidate(layer, set, candidate), ...miss });
    }
  }
  return found;
}

/** The policies of a layer. */
export function setsOf(layer: PolicyLayer, policies: ApplicablePolicies): readonly PolicySet[] {
  const { identity, boundary, session, resource, serviceControl, resourceControl } = policies;
  const sets = { identity, boundary, session, resource, 'service-control': serviceControl?.flat(), 'resource-control': resourceControl?.flat() };
  return sets[layer] ?? [];
}

function missOf({ statement }: Candidate, request: PolicyRequest): Omit<NearMiss, 'statement'> | undefined {
  if (statement.principals && matchPrincipal(statement.principals, request.principal) === 'none') return { failed: 'principal' };
  if (statement.resources && !matchesResource(statement.resources, request)) return { failed: 'resource' };
  const unmet = findUnmet(statement.conditions, request.context);
  if (!unmet) return undefined;
  const { operator, quantifier, ifExists, key, values } = unmet;
  const prefix = quantifier === 'one' ? '' : quantifier === 'all' ? 'ForAllValues:' : 'ForAnyValue:';
  const condition = {
    operator: `${prefix}${operator}${ifExists ? 'IfExists' : ''}`,
    key,
    wanted: values.map(({ pattern }) => pattern.source),
    actual: request.context.get(key),
  };
  return { failed: 'condition', condition };
}
