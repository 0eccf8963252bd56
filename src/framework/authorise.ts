import { parseArn } from '../base/arn.ts';
import { ServiceError } from '../base/errors.ts';
import type { Logger } from '../base/log.ts';
import { contextOf } from '../policy/context.ts';
import { decide } from '../policy/decide.ts';
import { explainDenial } from '../policy/explainDenial.ts';
import type { PolicyCache } from '../policy/policyCache.ts';
import type { PolicyRequest } from '../policy/types.ts';
import type { Caller, CallerPolicies, CredentialDirectory, IssuedCredential } from '../ports/identity.ts';
import type { ProtocolName } from '../wire/types.ts';
import type { AccessRequest, Call } from './context.ts';
import type { BoundOperation } from './service.ts';

export interface Authoriser {
  readonly credentials: CredentialDirectory;
  /** `audit` logs what would be denied and lets it pass; `off` does not look. */
  readonly iam: 'enforce' | 'audit' | 'off';
  readonly policies: PolicyCache;
  readonly log: Logger;
}

/** What the request tells about its caller besides the caller itself. */
export interface AuthorisedRequest {
  readonly protocol: ProtocolName;
  readonly credential: IssuedCredential | undefined;
}

/**
 * Checks that the caller may do what `operation` is about to do. Root of the account may do everything in it; every other
 * identity needs its policies to say so. Throws the service's access-denied error with AWS's wording.
 */
export async function authorise(operation: BoundOperation, input: object, call: Call, about: AuthorisedRequest, deps: Authoriser): Promise<void> {
  if (operation.access === 'public' || deps.iam === 'off') return;
  await authoriseAccess(await operation.access(input, call), call, about, deps);
}

/** The same for what a handler asks on its way. */
export async function authoriseAccess(
  asked: AccessRequest | readonly AccessRequest[],
  call: Call,
  about: AuthorisedRequest,
  deps: Authoriser,
): Promise<void> {
  if (deps.iam === 'off') return;
  const needed = (isList(asked) ? asked : [asked]).filter((access) => !isOwnRoot(call.caller, access, about.credential));
  if (needed.length === 0) return;
  const own = await deps.credentials.policiesOf(call.caller, about.credential);
  for (const access of needed) {
    const request = requestOf(access, call, about.credential, own.conditions);
    const decision = decide(deps.policies, request, {
      identity: own.identity,
      boundary: own.boundary,
      session: own.session,
      resource: access.resourcePolicy === undefined ? undefined : { source: access.resource, document: access.resourcePolicy },
      resourceRequired: access.resourcePolicyRequired,
    });
    if (decision.decision === 'allow') continue;
    const sentence = explainDenial(request, decision);
    if (deps.iam === 'audit') call.log.warn('would be denied', { sentence });
    else throw accessDenied(about.protocol, sentence);
  }
}

/** Whether `authoriseAccess` would let it pass. */
export async function permitsAccess(access: AccessRequest, call: Call, about: AuthorisedRequest, deps: Authoriser): Promise<boolean> {
  try {
    await authoriseAccess(access, call, about, deps);
    return true;
  } catch (error) {
    if (error instanceof ServiceError) return false;
    throw error;
  }
}

const isList = (asked: AccessRequest | readonly AccessRequest[]): asked is readonly AccessRequest[] => Array.isArray(asked);

// Root needs no policy for what belongs to its own account, except where the resource itself must agree (a role's trust
// policy); what belongs to another account has to grant it access like anybody else.
function isOwnRoot(caller: Caller, access: AccessRequest, credential: IssuedCredential | undefined): boolean {
  if (caller.kind !== 'root' || access.resourcePolicyRequired || credential?.sessionPolicies) return false;
  const owner = access.resourceAccount ?? parseArn(access.resource)?.account ?? '';
  return owner === '' || owner === caller.account;
}

function requestOf(
  access: AccessRequest,
  call: Call,
  credential: IssuedCredential | undefined,
  callerConditions: CallerPolicies['conditions'],
): PolicyRequest {
  const userAgent = call.head.headers['user-agent'];
  return {
    principal: call.caller,
    action: access.action,
    resource: access.resource,
    ...(access.resourceAccount === undefined ? {} : { resourceAccount: access.resourceAccount }),
    context: contextOf({
      ...(access.resourceAccount === undefined ? {} : { resourceAccount: access.resourceAccount }),
      principal: call.caller,
      nowMs: call.nowMs,
      region: call.region,
      sourceIp: call.sourceIp,
      secureTransport: call.endpoint.startsWith('https:'),
      temporary: credential?.sessionToken !== undefined,
      ...(userAgent === undefined ? {} : { userAgent }),
      keys: { ...callerConditions, ...access.conditions },
    }),
  };
}

// The query services say AccessDenied, the JSON and REST ones AccessDeniedException; the old JSON front ends answer it with 400.
function accessDenied(protocol: ProtocolName, sentence: string): ServiceError {
  if (protocol === 'awsQuery' || protocol === 'restXml' || protocol === 'ec2Query') return new ServiceError('AccessDenied', sentence, { status: 403 });
  return new ServiceError('AccessDeniedException', sentence, { status: protocol === 'restJson1' ? 403 : 400 });
}
