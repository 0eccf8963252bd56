// Calls operations as the handler chain does, with an identity service of a few lines.

import { createFakeClock, type MovableClock } from '../../../base/clock.ts';
import { silentLogger } from '../../../base/log.ts';
import { createSeededRandom } from '../../../base/random.ts';
import { authorise } from '../../../framework/authorise.ts';
import { createAuthorizationMessages, type AuthorizationMessages } from '../../../framework/authorizationMessages.ts';
import type { Input, OperationName, Output } from '../../../framework/shapes.ts';
import { testCall } from '../../../framework/testing/testCall.ts';
import { createPolicyCache } from '../../../policy/policyCache.ts';
import type { Caller, MfaAttempt, OpenIdProvider, RoleDescription, SamlProvider, SessionGrant } from '../../../ports/identity.ts';
import type { StsDeps } from '../operation.ts';
import { stsService } from '../service.ts';

type Sts = typeof import('@aws-sdk/client-sts');
type Name = OperationName<Sts> & string;

export const account = '111111111111';
export const root: Caller = { kind: 'root', account, arn: `arn:aws:iam::${account}:root`, userId: account };
export const alice: Caller = { kind: 'user', account, arn: `arn:aws:iam::${account}:user/alice`, userId: 'AIDAALICE', userName: 'alice' };
export const session: Caller = {
  kind: 'role-session',
  account,
  arn: `arn:aws:sts::${account}:assumed-role/other/run1`,
  userId: 'AROAOTHER:run1',
  roleArn: `arn:aws:iam::${account}:role/other`,
  roleName: 'other',
  sessionName: 'run1',
};
export const roleArn = `arn:aws:iam::${account}:role/worker`;

/** The provider that the account trusts, and a device that is everybody's; its code is 123456. */
export const issuer = 'https://issuer.example/tenant';
export const mfaSerial = `arn:aws:iam::${account}:mfa/phone`;

export interface Harness {
  readonly clock: MovableClock;
  /** What was issued, in order. */
  readonly grants: SessionGrant[];
  readonly messages: AuthorizationMessages;
  sts<N extends Name>(name: N, input: Input<Sts, N>, caller?: Caller): Promise<Output<Sts, N>>;
}

export interface HarnessOptions {
  /** Statements of the trust policy of the one role there is. */
  readonly trust?: readonly object[];
  /** Statements of every caller's own policy. */
  readonly permissions?: readonly object[];
  readonly maxSessionSeconds?: number;
  readonly issuerKeys?: StsDeps['issuerKeys'];
  readonly samlProvider?: SamlProvider;
}

const document = (statements: readonly object[]): string => JSON.stringify({ Version: '2012-10-17', Statement: statements });

export function createHarness({ trust = [], permissions = [], maxSessionSeconds = 3_600, issuerKeys, samlProvider }: HarnessOptions = {}): Harness {
  const clock = createFakeClock();
  const grants: SessionGrant[] = [];
  const role: RoleDescription = { arn: roleArn, roleName: 'worker', roleId: 'AROAWORKER', account, trustPolicy: document(trust), maxSessionSeconds };
  const issue = async (grant: SessionGrant) => {
    grants.push(grant);
    return { accessKeyId: 'ASIAISSUED', secretAccessKey: 'secret', sessionToken: 'token', expiresAtMs: clock.now() + grant.durationSeconds * 1_000 };
  };
  const identity: StsDeps['identity'] = {
    findCredential: async (accessKeyId) => (accessKeyId === 'AKIAALICE' ? { accessKeyId, secretAccessKey: 's', active: true, caller: alice } : undefined),
    policiesOf: async () => ({ identity: permissions.length === 0 ? [] : [{ source: 'own', document: document(permissions) }] }),
    findRole: async (arn) => (arn === roleArn ? role : undefined),
    trustsService: () => false,
    issueSession: async () => await issue({ caller: root, durationSeconds: 0 }),
    issue,
    findPolicyDocuments: async (_account, arns) => arns.map((arn) => (arn.includes('::aws:') ? document([{ Effect: 'Allow', Action: '*', Resource: '*' }]) : undefined)),
  };
  const messages = createAuthorizationMessages(new Uint8Array(32), createSeededRandom(1));
  const cache = createPolicyCache();
  const mfaAnswer = ({ serialNumber, code }: MfaAttempt) => (serialNumber !== mfaSerial ? 'unknown-device' : code === '123456' ? 'right' : 'wrong');
  const mfa: StsDeps['mfa'] = { checkCode: async (attempt) => mfaAnswer(attempt), useCode: async (attempt) => mfaAnswer(attempt) };
  const provider: OpenIdProvider = { arn: `arn:aws:iam::${account}:oidc-provider/${issuer.slice(8)}`, issuer, name: issuer.slice(8), clientIds: ['app'], thumbprints: [] };
  const federation: StsDeps['federation'] = { findOpenIdProvider: async (owner, name) => (owner === account && name === issuer ? provider : undefined), findSamlProvider: async (arn) => (arn === samlProvider?.arn ? samlProvider : undefined) };
  const service = stsService.bind({ identity, messages, mfa, federation, issuerKeys: issuerKeys ?? { of: async () => ({ keys: [] }) }, policies: cache });

  return {
    clock,
    grants,
    messages,
    async sts(name, input, caller = root) {
      const operation = service.find(name);
      if (!operation) throw new Error(`${name} is not part of the service`);
      const call = testCall({ caller, nowMs: clock.now() });
      await authorise(operation, input, call, { protocol: 'awsQuery', credential: undefined }, { credentials: identity, iam: 'enforce', policies: cache, log: silentLogger });
      return (await operation.handle(input, call)) as never;
    },
  };
}
