// What IAM tells others: whose a key is, what its owner may do, what a role trusts; and where sessions are kept.

import type { Clock } from '../../base/clock.ts';
import { iamId } from '../../base/ids.ts';
import type { Logger } from '../../base/log.ts';
import type { Random } from '../../base/random.ts';
import type { Store } from '../../kv/store.ts';
import { contextOf } from '../../policy/context.ts';
import { decide } from '../../policy/decide.ts';
import { createPolicyCache } from '../../policy/policyCache.ts';
import type {
  Caller,
  CredentialDirectory,
  IssuedCredential,
  MissingRoles,
  RoleDescription,
  RoleDirectory,
  SessionGrant,
  SessionIssuer,
  TemporaryCredential,
} from '../../ports/identity.ts';
import { createCallerPolicies } from './callerPolicies.ts';
import { iamArn, parseEntityArn } from './domain/names.ts';
import { expiredSessionMsMax, expiredSessionsPerIssue, reportedRolesMax } from './limits.ts';
import { loadManagedPolicies, type ManagedPolicies } from './managedPolicies.ts';
import type { Organization } from './organization.ts';
import { findPolicyDocument } from './policies.ts';
import { clearExpiredSessions, findEntity, lookCredentialRow, setCredentialRow, type CredentialRow } from './store.ts';

export interface IdentityOptions {
  readonly store: Store;
  readonly clock: Clock;
  readonly wall: Clock;
  readonly random: Random;
  readonly log: Logger;
  readonly managedPolicies?: ManagedPolicies;
  /** Local mode: who runs in a role that does not exist may do everything. Elsewhere it may do nothing. */
  readonly toleratesMissingRoles: boolean;
  readonly organization?: Pick<Organization, 'serviceControlOf'>;
}

export interface Identity extends CredentialDirectory, RoleDirectory, MissingRoles, SessionIssuer {
  readonly managedPolicies: ManagedPolicies;
}

/** One per server. The handler chain, Lambda and STS reach IAM through it. */
export function createIdentity(options: IdentityOptions): Identity {
  const { store, clock, wall, random, log, managedPolicies = loadManagedPolicies(), toleratesMissingRoles, organization } = options;
  const policies = createPolicyCache();
  const callerPolicies = createCallerPolicies(store, managedPolicies, { toleratesMissingRoles, organization });

  async function issue(grant: SessionGrant, kind: Pick<CredentialRow & { kind: 'session' }, 'expiresBy' | 'roleMissing'>): Promise<TemporaryCredential> {
    const startMs = (kind.expiresBy === 'wall' ? wall : clock).now();
    const issued: TemporaryCredential = {
      accessKeyId: iamId(random, 'ASIA'),
      secretAccessKey: random.bytes(30).toString('base64'),
      sessionToken: random.bytes(192).toString('base64'),
      expiresAtMs: startMs + grant.durationSeconds * 1_000,
    };
    const row: CredentialRow = {
      kind: 'session',
      secret: issued.secretAccessKey,
      token: issued.sessionToken,
      expiresAtMs: issued.expiresAtMs,
      caller: grant.caller,
      ...(grant.policies && { policies: grant.policies }),
      conditions: { 'aws:TokenIssueTime': new Date(clock.now()).toISOString().replace(/\.\d{3}Z$/, 'Z'), ...grant.conditions },
      ...kind,
    };
    await store.transact(async (tx) => {
      await clearExpiredSessions(tx, { expiresBy: kind.expiresBy, beforeMs: startMs - expiredSessionMsMax, limit: expiredSessionsPerIssue });
      setCredentialRow(tx, issued.accessKeyId, row);
    });
    return issued;
  }

  const reported = new Set<string>();

  function reportMissing({ roleArn, account }: { readonly roleArn: string; readonly account: string | undefined }): void {
    if (reported.has(roleArn)) return;
    if (reported.size >= reportedRolesMax) reported.clear();
    reported.add(roleArn);
    const text = toleratesMissingRoles ? 'the role of a function does not exist: no policies are enforced on it' : 'the role of a function does not exist: it is allowed nothing';
    log.warn(text, { roleArn, account, remedy: remedyForMissing(roleArn, account) });
  }

  async function findRole(roleArn: string): Promise<RoleDescription | undefined> {
    const arn = parseEntityArn(roleArn);
    if (arn?.kind !== 'role') return undefined;
    const row = await store.read((tx) => findEntity(tx, arn.account, 'role', arn.name));
    // An ARN is compared as it is, path and case included.
    if (!row || iamArn(arn.account, 'role', row.path, row.name) !== roleArn) return undefined;
    const { name: roleName, id: roleId, trustPolicy, maxSessionSeconds } = row;
    return { arn: roleArn, roleName, roleId, account: arn.account, trustPolicy, maxSessionSeconds };
  }

  return {
    managedPolicies,
    async findCredential(accessKeyId) {
      const row = await lookCredentialRow(store, accessKeyId);
      return row && credentialOf(accessKeyId, row);
    },
    policiesOf: callerPolicies.of,
    isControlled: (account) => organization?.serviceControlOf(account) !== undefined,
    findRole,
    trustsService(role, servicePrincipal) {
      const principal = { kind: 'service', service: servicePrincipal } as const;
      const context = contextOf({ principal, nowMs: clock.now(), keys: { 'aws:SourceAccount': role.account } });
      const request = { principal, action: 'sts:AssumeRole', resource: role.arn, context };
      return decide(policies, request, { identity: [], resource: { source: role.arn, document: role.trustPolicy } }).decision === 'allow';
    },
    reportMissing,
    async issueSession({ roleArn, sessionName, durationSeconds, account }) {
      const role = await findRole(roleArn);
      if (role) reported.delete(roleArn);
      else reportMissing({ roleArn, account });
      const caller = sessionCaller(role ?? missingRole(roleArn, random), sessionName);
      return await issue({ caller, durationSeconds }, { expiresBy: 'wall', ...(role === undefined ? { roleMissing: true } : {}) });
    },
    issue: (grant) => issue(grant, {}),
    findPolicyDocuments: (account, policyArns) =>
      store.read((tx) => Promise.all(policyArns.map((arn) => findPolicyDocument(tx, managedPolicies, account, arn)))),
  };
}

function credentialOf(accessKeyId: string, row: CredentialRow): IssuedCredential {
  if (row.kind === 'user-key') return { accessKeyId, secretAccessKey: row.secret, active: row.active, caller: row.caller };
  return {
    accessKeyId,
    secretAccessKey: row.secret,
    sessionToken: row.token,
    expiresAtMs: row.expiresAtMs,
    ...(row.expiresBy && { expiresBy: row.expiresBy }),
    active: true,
    caller: row.caller,
    ...(row.policies && { sessionPolicies: row.policies }),
    ...(row.conditions && { conditions: row.conditions }),
    ...(row.roleMissing && { roleMissing: row.roleMissing }),
  };
}

function sessionCaller(role: Pick<RoleDescription, 'arn' | 'roleName' | 'roleId' | 'account'>, sessionName: string): Caller {
  return {
    kind: 'role-session',
    account: role.account,
    arn: `arn:aws:sts::${role.account}:assumed-role/${role.roleName}/${sessionName}`,
    userId: `${role.roleId}:${sessionName}`,
    roleArn: role.arn,
    roleName: role.roleName,
    sessionName,
  };
}

function missingRole(roleArn: string, random: Random): Pick<RoleDescription, 'arn' | 'roleName' | 'roleId' | 'account'> {
  const { account = '000000000000', name: roleName = 'unknown' } = parseEntityArn(roleArn) ?? {};
  return { arn: roleArn, roleName, roleId: iamId(random, 'AROA'), account };
}

/** A role is made in the account that one works in; the account of tutorials is seldom that one. */
function remedyForMissing(roleArn: string, account: string | undefined): string {
  const arn = parseEntityArn(roleArn);
  const name = arn?.name ?? 'NAME';
  if (arn && account !== undefined && arn.account !== account) return `name a role of account ${account}, arn:aws:iam::${account}:role/${name}, or work in the other one: eval "$(npx haneul env --account ${arn.account})"`;
  const trust = { Version: '2012-10-17', Statement: [{ Effect: 'Allow', Principal: { Service: 'lambda.amazonaws.com' }, Action: 'sts:AssumeRole' }] };
  return `aws iam create-role --role-name ${name} --assume-role-policy-document '${JSON.stringify(trust)}'`;
}
