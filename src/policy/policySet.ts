// The compiled form of what applies to a caller. Which statements speak about an action is worked out once per action and
// kept: what is left for a request are the resources and conditions of a few statements.

import { filteredCandidatesMin, rememberedActionsMax, rememberedResourcesMax } from './limits.ts';
import { matchesPattern, type Pattern } from './pattern.ts';
import type { ActionSet, Candidate, Candidates, Policy, PolicySet, ResourceSet } from './types.ts';

export interface SourcedPolicy {
  /** For explanations: an ARN, or `inline:<name>`. */
  readonly source: string;
  readonly policy: Policy;
}

/** Several documents as one set. */
export function createPolicySet(policies: readonly SourcedPolicy[]): PolicySet {
  return { sources: policies.map(({ source }) => source), statements: createStatements(policies.map(({ policy }) => policy)) };
}

/** The statements of documents, found by action. Callers with the same documents may share them. */
export function createStatements(policies: readonly Policy[]): PolicySet['statements'] {
  const all = policies.flatMap((policy, index) =>
    policy.statements.map((statement): Candidate => ({ policy: index, statement, unreadable: policy.unreadable === true })),
  );
  const byAction = new Map<string, Candidates>();
  const byResource = new Map<string, Candidates>();
  const statements: PolicySet['statements'] = {
    about(action) {
      const known = byAction.get(action);
      if (known) return known;
      const wanted = action.toLowerCase();
      const found = all.filter(({ statement }) => matchesAction(statement.actions, wanted));
      const candidates = { denies: found.filter(isDeny), allows: found.filter((candidate) => !isDeny(candidate)) };
      // Actions come from handlers and are few; the bound is for what a simulation is asked about.
      if (byAction.size >= rememberedActionsMax) byAction.clear();
      byAction.set(action, candidates);
      return candidates;
    },
    near(action, resource, resourceParts) {
      const candidates = statements.about(action);
      if (candidates.denies.length + candidates.allows.length < filteredCandidatesMin) return candidates;
      const key = `${action} ${resource}`;
      const known = byResource.get(key);
      if (known) return known;
      const mayApply = ({ statement: { resources } }: Candidate): boolean => resources === undefined || mayMatch(resources, resource, resourceParts);
      const near = { denies: candidates.denies.filter(mayApply), allows: candidates.allows.filter(mayApply) };
      if (byResource.size >= rememberedResourcesMax) byResource.clear();
      byResource.set(key, near);
      return near;
    },
  };
  return statements;
}

/** False where the resource matches whatever the variables stand for in no case. */
function mayMatch({ negated, patterns }: ResourceSet, resource: string, resourceParts: readonly string[]): boolean {
  const fits = (pattern: Pattern, actual: string): boolean => (pattern.pieces === undefined ? actual.startsWith(pattern.start) : matchesPattern(pattern, actual, noVariables));
  const isFixed = ({ pieces }: Pattern): boolean => pieces !== undefined;
  // What is negated is judged only where nothing is left open.
  if (negated && !patterns.every((pattern) => (pattern.kind === 'whole' ? isFixed(pattern.pattern) : pattern.parts.every(isFixed)))) return true;
  const found = patterns.some((pattern) =>
    pattern.kind === 'whole' ? fits(pattern.pattern, resource) : resourceParts.length === pattern.parts.length && pattern.parts.every((part, index) => fits(part, resourceParts[index] ?? '')),
  );
  return found !== negated;
}

const isDeny = ({ statement }: Candidate): boolean => statement.effect === 'Deny';

const noVariables: ReadonlyMap<string, readonly string[]> = new Map();

/** `wanted` in lower case. */
function matchesAction(set: ActionSet, wanted: string): boolean {
  const service = wanted.slice(0, wanted.indexOf(':'));
  const found =
    (set.byService.get(service)?.some((pattern) => matchesPattern(pattern, wanted, noVariables)) ?? false) ||
    set.anyService.some((pattern) => matchesPattern(pattern, wanted, noVariables));
  return found !== set.negated;
}
