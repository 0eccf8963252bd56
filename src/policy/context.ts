// The condition keys that every request has, whatever the service (IAM user guide, "AWS global condition context keys").

import type { ConditionContext, RequestPrincipal } from './types.ts';

export interface RequestFacts {
  readonly principal: RequestPrincipal;
  /** Product time, milliseconds. */
  readonly nowMs: number;
  readonly region?: string | undefined;
  readonly sourceIp?: string | undefined;
  readonly userAgent?: string | undefined;
  readonly referer?: string | undefined;
  readonly secureTransport?: boolean | undefined;
  /** True for temporary credentials, when MFA is a question that can be answered. */
  readonly temporary?: boolean | undefined;
  readonly resourceAccount?: string | undefined;
  /** What the caller itself brings: its tags and those of its session. They win over the global keys of the same name. */
  readonly callerKeys?: KeyValues | undefined;
  /** The service's own keys; they win over all others of the same name. */
  readonly keys?: KeyValues | undefined;
}

export type KeyValues = Readonly<Record<string, string | readonly string[]>>;

export interface RequestContext extends ConditionContext {
  /** Every key with its values, for explanations. */
  entries(): ReadonlyMap<string, readonly string[]>;
}

/** The condition keys of one request, gathered when the first of them is asked for: most requests are decided without any. */
export function contextOf(facts: RequestFacts): RequestContext {
  let gathered: Map<string, readonly string[]> | undefined;
  const all = (): Map<string, readonly string[]> => (gathered ??= gatherKeys(facts));
  return {
    get: (key) => all().get(key) ?? timeKey(key, facts.nowMs),
    entries: () => new Map([...timeKeys.map((key): [string, readonly string[]] => [key, timeKey(key, facts.nowMs) ?? []]), ...all()]),
  };
}

const timeKeys = ['aws:currenttime', 'aws:epochtime'];

// Written out only for those who ask: a date costs more than all other keys together.
function timeKey(key: string, nowMs: number): readonly string[] | undefined {
  if (key === 'aws:currenttime') return [new Date(nowMs).toISOString().replace(/\.\d{3}Z$/, 'Z')];
  return key === 'aws:epochtime' ? [String(Math.floor(nowMs / 1_000))] : undefined;
}

function gatherKeys(facts: RequestFacts): Map<string, readonly string[]> {
  const context = new Map<string, readonly string[]>();
  const put = (key: string, value: string | undefined): void => {
    if (value !== undefined && value !== '') context.set(key, [value]);
  };
  put('aws:requestedregion', facts.region);
  // A server that listens on both families sees version 4 addresses mapped into version 6.
  put('aws:sourceip', facts.sourceIp?.replace(/^::ffff:(?=\d+\.)/i, ''));
  put('aws:useragent', facts.userAgent);
  put('aws:referer', facts.referer);
  put('aws:securetransport', facts.secureTransport === undefined ? undefined : String(facts.secureTransport));
  put('aws:resourceaccount', facts.resourceAccount);
  put('aws:viaawsservice', 'false');
  // Long-term keys carry no MFA key at all, which is why policies ask with BoolIfExists.
  if (facts.temporary) put('aws:multifactorauthpresent', 'false');
  putPrincipal(put, facts.principal);
  putKeys(context, facts.callerKeys);
  putKeys(context, facts.keys);
  putCallChain(context);
  putMfaAge(context, facts.nowMs);
  return context;
}

function putKeys(context: Map<string, readonly string[]>, keys: KeyValues = {}): void {
  for (const [key, value] of Object.entries(keys)) context.set(key.toLowerCase(), typeof value === 'string' ? [value] : value);
}

// A session keeps when its second factor was given; how long ago that is differs with every request.
function putMfaAge(context: Map<string, readonly string[]>, nowMs: number): void {
  const [at] = context.get('haneul:multifactorauthtime') ?? [];
  if (at === undefined) return;
  context.delete('haneul:multifactorauthtime');
  context.set('aws:multifactorauthage', [String(Math.max(0, Math.floor((nowMs - Number(at)) / 1_000)))]);
}

// `aws:CalledVia` lists the services of a chain of calls; the other three keys follow from it.
function putCallChain(context: Map<string, readonly string[]>): void {
  const chain = context.get('aws:calledvia');
  const [first] = chain ?? [];
  const last = chain?.[chain.length - 1];
  if (first === undefined || last === undefined) return;
  context.set('aws:calledviafirst', [first]);
  context.set('aws:calledvialast', [last]);
  context.set('aws:viaawsservice', ['true']);
}

function putPrincipal(put: (key: string, value: string | undefined) => void, principal: RequestPrincipal): void {
  put('aws:principalisawsservice', String(principal.kind === 'service'));
  switch (principal.kind) {
    case 'root':
      put('aws:principaltype', 'Account');
      break;
    case 'user':
      put('aws:principaltype', 'User');
      put('aws:username', principal.userName);
      break;
    case 'role-session':
      put('aws:principaltype', 'AssumedRole');
      break;
    case 'federated-user':
      put('aws:principaltype', 'FederatedUser');
      break;
    case 'service':
      put('aws:principalservicename', principal.service);
      put('aws:principalservicenameslist', principal.service);
      return;
    case 'federated':
      put('aws:federatedprovider', principal.provider);
      return;
    case 'anonymous':
      // Same guide, "Principal key values": what an anonymous caller has.
      put('aws:principaltype', 'Anonymous');
      put('aws:userid', 'anonymous');
      return;
  }
  // For a session this is the role's ARN (same page, "aws:PrincipalArn").
  put('aws:principalarn', principal.kind === 'role-session' ? principal.roleArn : principal.arn);
  put('aws:principalaccount', principal.account);
  put('aws:userid', principal.userId);
}
