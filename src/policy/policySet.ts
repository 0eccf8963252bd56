// The compiled form of what applies to a caller. Which statements speak about an action is worked out once per action and
// kept: what is left for a request are the resources and conditions of a few statements.

import { rememberedActionsMax } from './limits.ts';
import { matchesPattern } from './pattern.ts';
import type { ActionSet, Candidate, Candidates, Policy, PolicySet } from './types.ts';

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
  return {
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
  };
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
