// Whether a request is allowed, and by which statement (IAM user guide, "Policy evaluation logic"). Pure: documents and
// the request's own context in, a decision out.

import { parseArn } from '../base/arn.ts';
import { matchesArnPattern } from './arnPattern.ts';
import { conditionsHold } from './conditions.ts';
import { matchesPattern } from './pattern.ts';
import { matchPrincipal, type PrincipalMatch } from './principals.ts';
import type {
  ActionSet,
  ApplicablePolicies,
  DecidingStatement,
  Effect,
  Evaluation,
  PolicyLayer,
  PolicyRequest,
  ResourceSet,
  SourcedPolicy,
  Statement,
} from './types.ts';

/** Decides one request. Explicit denies win wherever they stand; then every layer that applies must allow. */
export function evaluate(request: PolicyRequest, policies: ApplicablePolicies): Evaluation {
  const denied = findDeny(request, policies);
  if (denied) return { decision: 'explicit-deny', deciding: denied };

  for (const level of policies.serviceControl ?? []) {
    if (!findStatement(request, 'service-control', level, 'Allow')) return { decision: 'implicit-deny', missing: 'service-control' };
  }
  const granted = grantOfResource(request, policies.resource);
  const { principal } = request;
  if (principal.kind === 'anonymous' || principal.kind === 'service' || principal.kind === 'federated') {
    return granted ? { decision: 'allow', deciding: granted.statement } : { decision: 'implicit-deny', missing: 'resource' };
  }
  const sameAccount = principal.account === resourceAccountOf(request, principal.account);
  if (!granted && (!sameAccount || policies.resourceRequired === true)) return { decision: 'implicit-deny', missing: 'resource' };
  // The root user needs no policy in its own account, and none of its own elsewhere.
  if (principal.kind === 'root') return allowedBySession(request, policies, granted?.statement);
  if (!sameAccount) return allowedByCaller(request, policies, undefined);
  return allowedByCaller(request, policies, granted);
}

interface ResourceGrant {
  readonly match: Exclude<PrincipalMatch, 'none'>;
  readonly statement: DecidingStatement;
}

// Within an account a resource policy can stand in for the caller's own policies. How far depends on how it names the
// caller (IAM user guide, "Resource-based policies and implicit denies in other policy types").
function allowedByCaller(request: PolicyRequest, policies: ApplicablePolicies, granted: ResourceGrant | undefined): Evaluation {
  const grants = granted !== undefined && granted.match !== 'account';
  if (grants && granted.match === 'itself') return { decision: 'allow', deciding: granted.statement };

  const own = grants ? granted.statement : findStatement(request, 'identity', policies.identity, 'Allow');
  if (!own) return { decision: 'implicit-deny', missing: 'identity' };
  if (policies.boundary && !findStatement(request, 'boundary', [policies.boundary], 'Allow')) {
    return { decision: 'implicit-deny', missing: 'boundary' };
  }
  return allowedBySession(request, policies, own);
}

function allowedBySession(request: PolicyRequest, policies: ApplicablePolicies, own: DecidingStatement | undefined): Evaluation {
  if (policies.session && !findStatement(request, 'session', policies.session, 'Allow')) return { decision: 'implicit-deny', missing: 'session' };
  return { decision: 'allow', deciding: own };
}

function findDeny(request: PolicyRequest, policies: ApplicablePolicies): DecidingStatement | undefined {
  const { identity, boundary, session = [], resource, serviceControl = [] } = policies;
  return (
    findStatement(request, 'service-control', serviceControl.flat(), 'Deny') ??
    findStatement(request, 'resource', resource ? [resource] : [], 'Deny') ??
    findStatement(request, 'identity', identity, 'Deny') ??
    findStatement(request, 'boundary', boundary ? [boundary] : [], 'Deny') ??
    findStatement(request, 'session', session, 'Deny')
  );
}

function findStatement(
  request: PolicyRequest,
  layer: PolicyLayer,
  policies: readonly SourcedPolicy[],
  effect: Effect,
): DecidingStatement | undefined {
  for (const { source, policy } of policies) {
    const found = policy.statements.find((statement) => statement.effect === effect && applies(statement, request));
    if (found) return { layer, source, index: found.index, sid: found.sid };
  }
  return undefined;
}

const strength: Readonly<Record<PrincipalMatch, number>> = { none: 0, account: 1, everyone: 2, role: 3, itself: 4 };

// The strongest grant counts: a policy may name both the account and the user.
function grantOfResource(request: PolicyRequest, resource: SourcedPolicy | undefined): ResourceGrant | undefined {
  let best: ResourceGrant | undefined;
  for (const statement of resource?.policy.statements ?? []) {
    if (statement.effect !== 'Allow' || !statement.principals) continue;
    const match = matchPrincipal(statement.principals, request.principal);
    if (match === 'none' || strength[match] <= strength[best?.match ?? 'none'] || !applies(statement, request)) continue;
    best = { match, statement: { layer: 'resource', source: resource?.source ?? '', index: statement.index, sid: statement.sid } };
  }
  return best;
}

function applies(statement: Statement, request: PolicyRequest): boolean {
  return (
    matchesAction(statement.actions, request.action) &&
    (statement.resources === undefined || matchesResource(statement.resources, request)) &&
    (statement.principals === undefined || matchPrincipal(statement.principals, request.principal) !== 'none') &&
    conditionsHold(statement.conditions, request.context)
  );
}

const noVariables: ReadonlyMap<string, readonly string[]> = new Map();

function matchesAction(set: ActionSet, action: string): boolean {
  const wanted = action.toLowerCase();
  const service = wanted.slice(0, wanted.indexOf(':'));
  const found =
    (set.byService.get(service)?.some((pattern) => matchesPattern(pattern, wanted, noVariables)) ?? false) ||
    set.anyService.some((pattern) => matchesPattern(pattern, wanted, noVariables));
  return found !== set.negated;
}

function matchesResource(set: ResourceSet, request: PolicyRequest): boolean {
  const found = set.patterns.some((pattern) =>
    pattern.kind === 'whole'
      ? matchesPattern(pattern.pattern, request.resource, request.context)
      : matchesArnPattern(pattern.parts, request.resource, request.context),
  );
  return found !== set.negated;
}

// Some ARNs name no account (S3's), and AWS's own policies belong to `aws`; without being told, such a resource is taken
// for the caller's own.
function resourceAccountOf(request: PolicyRequest, callerAccount: string): string {
  const account = request.resourceAccount ?? parseArn(request.resource)?.account ?? '';
  return /^\d{12}$/.test(account) ? account : callerAccount;
}
