// Whether a request is allowed, and by which statement (IAM user guide, "Policy evaluation logic"). Pure: compiled policies
// and the request's own context in, a decision out.

import { parseArn } from '../base/arn.ts';
import { matchesArnParts, partsOfArn } from './arnPattern.ts';
import { conditionsHold } from './conditions.ts';
import { matchesPattern } from './pattern.ts';
import { matchPrincipal, type PrincipalMatch } from './principals.ts';
import type {
  ApplicablePolicies,
  Candidate,
  Candidates,
  DecidingStatement,
  Effect,
  Evaluation,
  PolicyLayer,
  PolicyRequest,
  PolicySet,
  RequestPrincipal,
  ResourceSet,
  Statement,
} from './types.ts';

/** Decides one request. Explicit denies win wherever they stand; then every layer that applies must allow. */
export function evaluate(asked: PolicyRequest, policies: ApplicablePolicies): Evaluation {
  const request: PolicyRequest = { ...asked, resourceParts: partsOfArn(asked.resource) };
  const { principal } = request;
  const denied = findDeny(request, policies);
  if (denied) return { decision: 'explicit-deny', deciding: denied };

  const unguarded = missingGuardrail(request, policies);
  if (unguarded) return { decision: 'implicit-deny', missing: unguarded };
  const granted = grantOfResource(request, policies.resource);
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

/** Whether everything but the action's own name fits: the action was looked up before. */
export function applies(statement: Statement, request: PolicyRequest): boolean {
  return (
    (statement.resources === undefined || matchesResource(statement.resources, request)) &&
    (statement.principals === undefined || matchPrincipal(statement.principals, request.principal) !== 'none') &&
    conditionsHold(statement.conditions, request.context)
  );
}

export function matchesResource(set: ResourceSet, request: Pick<PolicyRequest, 'resource' | 'resourceParts' | 'context'>): boolean {
  const parts = request.resourceParts ?? partsOfArn(request.resource);
  const found = set.patterns.some((pattern) =>
    pattern.kind === 'whole'
      ? matchesPattern(pattern.pattern, request.resource, request.context)
      : matchesArnParts(pattern.parts, parts, request.context),
  );
  return found !== set.negated;
}

/** A statement as explanations name it. */
export function describeCandidate(layer: PolicyLayer, set: PolicySet, { policy, statement, unreadable }: Candidate): DecidingStatement {
  return { layer, source: set.sources[policy] ?? '', index: statement.index, sid: statement.sid, ...(unreadable && { unreadable }) };
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
  if (policies.boundary && !findStatement(request, 'boundary', policies.boundary, 'Allow')) {
    return { decision: 'implicit-deny', missing: 'boundary' };
  }
  return allowedBySession(request, policies, own);
}

function allowedBySession(request: PolicyRequest, policies: ApplicablePolicies, own: DecidingStatement | undefined): Evaluation {
  if (policies.session && !findStatement(request, 'session', policies.session, 'Allow')) return { decision: 'implicit-deny', missing: 'session' };
  return { decision: 'allow', deciding: own };
}

// Organisations user guide, "SCP effects on permissions" and "Resource control policies": neither binds AWS's services nor
// service-linked roles, and a service control policy binds only identities of its organisation.
function boundByOrganisation(principal: RequestPrincipal): { readonly services: boolean; readonly resources: boolean } {
  if (principal.kind === 'service') return { services: false, resources: false };
  if (principal.kind === 'anonymous' || principal.kind === 'federated') return { services: false, resources: true };
  const serviceLinked = principal.kind === 'role-session' && principal.roleArn.includes(':role/aws-service-role/');
  return { services: !serviceLinked, resources: !serviceLinked };
}

function missingGuardrail(request: PolicyRequest, { serviceControl, resourceControl }: ApplicablePolicies): PolicyLayer | undefined {
  if (!serviceControl && !resourceControl) return undefined;
  const bound = boundByOrganisation(request.principal);
  const lacks = (layer: PolicyLayer, levels: ApplicablePolicies['serviceControl']): boolean =>
    levels?.some((level) => !findStatement(request, layer, level, 'Allow')) ?? false;
  if (bound.services && lacks('service-control', serviceControl)) return 'service-control';
  return bound.resources && lacks('resource-control', resourceControl) ? 'resource-control' : undefined;
}

function findDeny(request: PolicyRequest, policies: ApplicablePolicies): DecidingStatement | undefined {
  const { identity, boundary, session, resource, serviceControl, resourceControl } = policies;
  const bound = serviceControl || resourceControl ? boundByOrganisation(request.principal) : undefined;
  return (
    (serviceControl && bound?.services ? findStatement(request, 'service-control', serviceControl.flat(), 'Deny') : undefined) ??
    (resourceControl && bound?.resources ? findStatement(request, 'resource-control', resourceControl.flat(), 'Deny') : undefined) ??
    findStatement(request, 'resource', resource, 'Deny') ??
    findStatement(request, 'identity', identity, 'Deny') ??
    findStatement(request, 'boundary', boundary, 'Deny') ??
    findStatement(request, 'session', session, 'Deny')
  );
}

function findStatement(
  request: PolicyRequest,
  layer: PolicyLayer,
  sets: readonly PolicySet[] | undefined,
  effect: Effect,
): DecidingStatement | undefined {
  for (const set of sets ?? []) {
    const { denies, allows } = candidatesOf(set, request);
    const found = (effect === 'Deny' ? denies : allows).find((candidate) => applies(candidate.statement, request) && !isRepair(candidate, layer, request));
    if (found) return describeCandidate(layer, set, found);
  }
  return undefined;
}

function candidatesOf({ statements }: PolicySet, { action, resource, resourceParts }: PolicyRequest): Candidates {
  return statements.near(action, resource, resourceParts ?? partsOfArn(resource));
}

// A resource whose policy cannot be read would be lost for good if nobody could write a new one.
function isRepair({ unreadable }: Candidate, layer: PolicyLayer, request: PolicyRequest): boolean {
  const { principal } = request;
  return unreadable && layer === 'resource' && principal.kind === 'root' && principal.account === resourceAccountOf(request, principal.account);
}

const strength: Readonly<Record<PrincipalMatch, number>> = { none: 0, account: 1, everyone: 2, role: 3, itself: 4 };

// The strongest grant counts: a policy may name both the account and the user.
function grantOfResource(request: PolicyRequest, resource: readonly PolicySet[] | undefined): ResourceGrant | undefined {
  let best: ResourceGrant | undefined;
  for (const set of resource ?? []) {
    for (const candidate of candidatesOf(set, request).allows) {
      const { statement } = candidate;
      if (!statement.principals) continue;
      const match = matchPrincipal(statement.principals, request.principal);
      if (match === 'none' || strength[match] <= strength[best?.match ?? 'none'] || !applies(statement, request)) continue;
      best = { match, statement: describeCandidate('resource', set, candidate) };
    }
  }
  return best;
}

// Some ARNs name no account (S3's), and AWS's own policies belong to `aws`; without being told, such a resource is taken
// for the caller's own.
function resourceAccountOf(request: PolicyRequest, callerAccount: string): string {
  const account = request.resourceAccount ?? parseArn(request.resource)?.account ?? '';
  return /^\d{12}$/.test(account) ? account : callerAccount;
}
