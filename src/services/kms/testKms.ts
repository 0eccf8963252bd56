import { createFakeClock, type MovableClock } from '../../base/clock.ts';
import { InvariantError } from '../../base/errors.ts';
import { silentLogger } from '../../base/log.ts';
import { createSeededRandom } from '../../base/random.ts';
import { authorise, authoriseAccess } from '../../framework/authorise.ts';
import type { Input, OperationName, Output } from '../../framework/shapes.ts';
import { testCall } from '../../framework/testing/testCall.ts';
import { openMemoryStore } from '../../kv/drivers/memory/openMemoryStore.ts';
import type { Store } from '../../kv/store.ts';
import { createTimers, type Timers } from '../../kv/timers.ts';
import { createPolicyCache } from '../../policy/policyCache.ts';
import type { KeyUser } from '../../ports/encryption.ts';
import type { Caller } from '../../ports/identity.ts';
import { createKms, type Kms } from './createKms.ts';

type Client = typeof import('@aws-sdk/client-kms');
type Name = OperationName<Client> & string;

export const account = '000000000000';
export const root: Caller = { kind: 'root', account, arn: `arn:aws:iam::${account}:root`, userId: account };

export interface TestUser {
  readonly caller: Caller;
  readonly statements: readonly object[];
}

export interface TestKms extends Kms {
  readonly store: Store;
  readonly clock: MovableClock;
  readonly timers: Timers;
  /** Runs an operation as the handler chain does once a request has been read: permission first, then the handler. Root unless told otherwise. */
  run<N extends Name>(name: N, input: Input<Client, N>, as?: { readonly user?: TestUser; readonly region?: string }): Promise<Output<Client, N>>;
  /** What another service hands to the port when it works for this user. */
  keyUser(service: string, user: TestUser): KeyUser;
  /** A symmetric key, or what `input` says, and its ARN. */
  createKey(input?: Input<Client, 'CreateKey'>): Promise<{ readonly id: string; readonly arn: string }>;
}

/** A user of the test account with these permissions of its own. */
export function testUser(userName: string, statements: readonly object[] = [], userAccount = account): TestUser {
  return { caller: { kind: 'user', account: userAccount, arn: `arn:aws:iam::${userAccount}:user/${userName}`, userId: `AIDA${userName}`, userName }, statements };
}

/** For tests: the service on a store in memory, with a clock that stands still and policies that are enforced. */
export function createTestKms(): TestKms {
  const clock = createFakeClock();
  const random = createSeededRandom(1);
  const store = openMemoryStore({ clock, random });
  const timers = createTimers({ store, clock, wall: createFakeClock(), log: silentLogger });
  const kms = createKms({ store, clock, wall: createFakeClock(), log: silentLogger, random, timers, rootKey: random.bytes(32) });
  timers.start();
  const policies = createPolicyCache();
  const authoriserOf = ({ statements }: Pick<TestUser, 'statements'>) => ({
    credentials: {
      findCredential: async () => undefined,
      policiesOf: async () => ({ identity: statements.length === 0 ? [] : [{ source: 'inline:own', document: JSON.stringify({ Version: '2012-10-17', Statement: statements }) }] }),
    },
    iam: 'enforce' as const,
    policies,
    log: silentLogger,
  });
  const about = { protocol: 'awsJson1_1' as const, credential: undefined };

  const run: TestKms['run'] = async (name, input, { user = { caller: root, statements: [] }, region = 'us-east-1' } = {}) => {
    const operation = kms.service.find(name);
    if (!operation) throw new InvariantError('the operation is not registered in service.ts', { name });
    const call = testCall({ caller: user.caller, region, nowMs: clock.now() });
    await authorise(operation, input as object, call, about, authoriserOf(user));
    return (await operation.handle(input as object, call)) as never;
  };
  return {
    ...kms,
    store,
    clock,
    timers,
    run,
    keyUser(service, user) {
      const call = testCall({ caller: user.caller, nowMs: clock.now() });
      return { account: call.account, region: call.region, service, caller: user.caller, authorise: (access) => authoriseAccess(access, call, about, authoriserOf(user)) };
    },
    async createKey(input = {}) {
      const { KeyMetadata } = await run('CreateKey', input);
      return { id: KeyMetadata?.KeyId ?? '', arn: KeyMetadata?.Arn ?? '' };
    },
  };
}
