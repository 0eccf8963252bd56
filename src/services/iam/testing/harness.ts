// Calls operations as the handler chain does (permission first, then the handler), on the memory store and a clock that
// stands still. Constraints of the model are not checked here.

import { createFakeClock, type MovableClock } from '../../../base/clock.ts';
import { createLogger, silentLogger } from '../../../base/log.ts';
import type { LogRecord } from '../../../base/log.ts';
import { createSeededRandom } from '../../../base/random.ts';
import { authorise } from '../../../framework/authorise.ts';
import type { Input, OperationName, Output } from '../../../framework/shapes.ts';
import { testCall } from '../../../framework/testing/testCall.ts';
import { openMemoryStore } from '../../../kv/drivers/memory/openMemoryStore.ts';
import { createActionCatalogue } from '../../../policy/actionCatalogue.ts';
import { createPolicyCache } from '../../../policy/policyCache.ts';
import type { Store } from '../../../kv/store.ts';
import type { Caller, MfaDirectory } from '../../../ports/identity.ts';
import { loadManagedPolicies } from '../managedPolicies.ts';
import { createAccessUse, type AccessUseRecorder } from '../accessUse.ts';
import { createMfaDirectory } from '../mfaDevices.ts';
import { createIdentity, type Identity } from '../provides.ts';
import { iamService } from '../service.ts';

type Iam = typeof import('@aws-sdk/client-iam');
type Name = OperationName<Iam> & string;

export const account = '111111111111';
export const root: Caller = { kind: 'root', account, arn: `arn:aws:iam::${account}:root`, userId: account };
export const lambdaTrust = JSON.stringify({
  Version: '2012-10-17',
  Statement: [{ Effect: 'Allow', Principal: { Service: 'lambda.amazonaws.com' }, Action: 'sts:AssumeRole' }],
});

export interface Harness {
  readonly clock: MovableClock;
  readonly wall: MovableClock;
  readonly identity: Identity;
  readonly use: AccessUseRecorder;
  readonly store: Store;
  readonly mfa: MfaDirectory;
  /** What it warned of. */
  readonly logged: readonly LogRecord[];
  /** As root unless another caller is named. */
  iam<N extends Name>(name: N, input: Input<Iam, N>, caller?: Caller): Promise<Output<Iam, N>>;
  /** A user whose permissions are these statements. */
  createUser(userName: string, statements: readonly object[]): Promise<Caller>;
}

const managedPolicies = loadManagedPolicies();

export function createHarness({ toleratesMissingRoles = true }: { readonly toleratesMissingRoles?: boolean } = {}): Harness {
  const clock = createFakeClock();
  const wall = createFakeClock();
  const random = createSeededRandom(7);
  const store = openMemoryStore({ clock, random });
  const logged: LogRecord[] = [];
  const identity = createIdentity({ store, clock, wall, random, log: createLogger((record) => void logged.push(record), 'warn'), managedPolicies, toleratesMissingRoles });
  const use = createAccessUse({ store, wall, log: silentLogger });
  const service = iamService.bind({ store, random, managedPolicies, actions: createActionCatalogue(), use });
  const cache = createPolicyCache();

  const iam: Harness['iam'] = async (name, input, caller = root) => {
    const operation = service.find(name);
    if (!operation) throw new Error(`${name} is not part of the service`);
    const call = testCall({ caller, nowMs: clock.now() });
    await authorise(operation, input, call, { protocol: 'awsQuery', credential: undefined }, { credentials: identity, iam: 'enforce', policies: cache, log: silentLogger, use });
    return (await operation.handle(input, call)) as never;
  };

  return {
    clock,
    wall,
    identity,
    use,
    store,
    mfa: createMfaDirectory(store, clock),
    logged,
    iam,
    async createUser(userName, statements) {
      const { User: user } = await iam('CreateUser', { UserName: userName });
      const PolicyDocument = JSON.stringify({ Version: '2012-10-17', Statement: statements });
      if (statements.length > 0) await iam('PutUserPolicy', { UserName: userName, PolicyName: 'own', PolicyDocument });
      return { kind: 'user', account, arn: user?.Arn ?? '', userId: user?.UserId ?? '', userName };
    },
  };
}
