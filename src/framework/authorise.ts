import { parseArn } from '../base/arn.ts';
import type { Logger } from '../base/log.ts';
import { contextOf, type RequestContext } from '../policy/context.ts';
import { compileApplicable, type ApplicableTexts } from '../policy/decide.ts';
import { evaluate } from '../policy/evaluate.ts';
import { explainDenial } from '../policy/explainDenial.ts';
import type { PolicyCache } from '../policy/policyCache.ts';
import type { ApplicablePolicies, Evaluation, PolicyRequest } from '../policy/types.ts';
import type { AccessUse } from '../ports/accessUse.ts';
import type { Caller, CallerPolicies, CredentialDirectory, IssuedCredential } from '../ports/identity.ts';
import type { ProtocolName } from '../wire/types.ts';
import { accessDenied } from './accessDenied.ts';
import type { AuthorizationMessages } from './authorizationMessages.ts';
import type { AccessRequest, Call } from './context.ts';
import { describeDenial, withoutForeignPolicy, type Denial } from './denial.ts';
import type { DenialLog } from './denialLog.ts';
import { requestTagKeys } from './requestTags.ts';
import type { BoundOperation } from './service.ts';

export interface Authoriser {
  readonly credentials: CredentialDirectory;
  /** `audit` logs what would be denied and lets it pass; `off` does not look. */
  readonly iam: 'enforce' | 'audit' | 'off';
  readonly policies: PolicyCache;
  readonly log: Logger;
  /** Where denials are remembered, for `haneul why`. */
  readonly denials?: DenialLog;
  /** Seals what STS decodes. */
  readonly messages?: AuthorizationMessages;
  readonly use?: AccessUse;
  /** Throws when an operation asks for what AWS does not know; in tests only. */
  readonly vetAccess?: (access: AccessRequest) => void;
}

/** What the request tells about its caller besides the caller itself. */
export interface AuthorisedRequest {
  readonly protocol: ProtocolName;
  readonly credential: IssuedCredential | undefined;
  /** The service that was called, as its model is named. */
  readonly service?: string;
}

/**
 * Checks that the caller may do what `operation` is about to do. Root of the account may do everything in it; every other
 * identity needs its policies to say so. Throws the service's access-denied error with AWS's wording.
 */
export async function authorise(operation: BoundOperation, input: object, call: Call, about: AuthorisedRequest, deps: Authoriser): Promise<void> {
  if (operation.access === 'public' || deps.iam === 'off') return;
  const asked = await operation.access(input, call);
  const tags = requestTagKeys(input);
  await authoriseAccess(tags === undefined ? asked : listOf(asked).map((access) => ({ ...access, conditions: { ...tags, ...access.conditions } })), call, about, deps);
}

/** The same for what a handler asks on its way. */
export async function authoriseAccess(
  asked: AccessRequest | readonly AccessRequest[],
  call: Call,
  about: AuthorisedRequest,
  deps: Authoriser,
): Promise<void> {
  if (deps.iam === 'off') return;
  const judged = await judge(listOf(asked), call, about, deps);
  for (const denied of judged) {
    const denial = describe(denied, call, deps);
    deps.denials?.add(denial);
    const { sentence } = denial;
    if (deps.iam === 'audit') {
      call.log.warn('would be denied', { sentence, command: commandFor(call) });
      continue;
    }
    call.log.info('denied', { sentence, command: commandFor(call) });
    throw accessDenied({ protocol: about.protocol, service: about.service, sentence, encodedMessage: deps.messages?.seal(withoutForeignPolicy(denial)) });
  }
}

/** Whether `authoriseAccess` would let it pass. Nothing is logged or remembered: the answer is not a refusal. */
export async function permitsAccess(access: AccessRequest, call: Call, about: AuthorisedRequest, deps: Authoriser): Promise<boolean> {
  if (deps.iam !== 'enforce') return true;
  return (await judge([access], call, about, deps)).length === 0;
}

interface Denied {
  readonly request: PolicyRequest & { readonly context: RequestContext };
  readonly evaluation: Exclude<Evaluation, { decision: 'allow' }>;
  readonly texts: ApplicableTexts;
  readonly policies: ApplicablePolicies;
}

/** What of `asked` is denied: the first where that ends the request, all in audit mode. */
async function judge(asked: readonly AccessRequest[], call: Call, about: AuthorisedRequest, deps: Authoriser): Promise<Denied[]> {
  if (deps.vetAccess) for (const access of asked) deps.vetAccess(access);
  // Service control policies bind even root.
  const controlled = call.caller.kind === 'root' && deps.credentials.isControlled?.(call.caller.account) === true;
  const needed = controlled ? asked : asked.filter((access) => !isOwnRoot(call.caller, access, about.credential));
  if (needed.length === 0) return [];
  const own = await deps.credentials.policiesOf(call.caller, about.credential);
  const denied: Denied[] = [];
  for (const access of needed) {
    deps.use?.actionUsed({ caller: call.caller, action: access.action, region: call.region, nowMs: call.nowMs });
    const request = requestOf(access, call, about.credential, own.conditions);
    const texts: ApplicableTexts = {
      identity: own.identity,
      boundary: own.boundary,
      session: own.session,
      serviceControl: own.serviceControl,
      resource: access.resourcePolicy === undefined ? undefined : { source: access.resource, document: access.resourcePolicy },
      resourceRequired: access.resourcePolicyRequired,
    };
    const policies = compileApplicable(deps.policies, texts);
    const evaluation = evaluate(request, policies);
    if (evaluation.decision === 'allow') continue;
    denied.push({ request, evaluation, texts, policies });
    if (deps.iam === 'enforce') break;
  }
  return denied;
}

function describe({ request, evaluation, texts, policies }: Denied, call: Call, { iam }: Authoriser): Denial {
  const { requestId, nowMs, account } = call;
  const sentence = explainDenial(request, evaluation);
  return describeDenial({ requestId, nowMs, account, enforced: iam === 'enforce', sentence, request, evaluation, texts, policies });
}

const commandFor = ({ requestId }: Call): string => `npx haneul why ${requestId}`;

const isList = (asked: AccessRequest | readonly AccessRequest[]): asked is readonly AccessRequest[] => Array.isArray(asked);
const listOf = (asked: AccessRequest | readonly AccessRequest[]): readonly AccessRequest[] => (isList(asked) ? asked : [asked]);

// Root needs no policy for what belongs to its own account, except where the resource itself has a say: its policy may deny
// even root, and a role's trust policy must agree. What belongs to another account has to grant it access like anybody else.
function isOwnRoot(caller: Caller, access: AccessRequest, credential: IssuedCredential | undefined): boolean {
  if (caller.kind !== 'root' || access.resourcePolicyRequired || access.resourcePolicy !== undefined || credential?.sessionPolicies) return false;
  const owner = ownerOf(access);
  return owner === '' || owner === caller.account;
}

function ownerOf(access: AccessRequest): string {
  return access.resourceAccount ?? parseArn(access.resource)?.account ?? '';
}

function requestOf(
  access: AccessRequest,
  call: Call,
  credential: IssuedCredential | undefined,
  callerKeys: CallerPolicies['conditions'],
): Denied['request'] {
  const { caller, head } = call;
  const owner = ownerOf(access);
  const resourceAccount = /^\d{12}$/.test(owner) ? owner : call.account;
  return {
    principal: caller,
    action: access.action,
    resource: access.resource,
    ...(access.resourceAccount !== undefined && { resourceAccount: access.resourceAccount }),
    context: contextOf({
      principal: caller,
      nowMs: call.nowMs,
      region: call.region,
      sourceIp: call.sourceIp,
      secureTransport: call.endpoint.startsWith('https:'),
      temporary: credential?.sessionToken !== undefined,
      userAgent: head.headers['user-agent'],
      referer: head.headers['referer'],
      resourceAccount,
      callerKeys,
      keys: access.conditions,
    }),
  };
}
