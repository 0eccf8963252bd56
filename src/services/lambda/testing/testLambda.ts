// The service on a store in memory with everything around it faked: for tests beside the operations.
import { rmSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { zipSync } from 'fflate';
import { createFakeClock } from '../../../base/clock.ts';
import type { MovableClock } from '../../../base/clock.ts';
import { assert } from '../../../base/errors.ts';
import { hexId, uuid } from '../../../base/ids.ts';
import { createLogger, silentLogger } from '../../../base/log.ts';
import type { LogRecord } from '../../../base/log.ts';
import { createSeededRandom } from '../../../base/random.ts';
import type { BlobId } from '../../../blob/blobId.ts';
import { authorise } from '../../../framework/authorise.ts';
import type { Authoriser } from '../../../framework/authorise.ts';
import type { Call } from '../../../framework/context.ts';
import type { Input, OperationName, Output } from '../../../framework/shapes.ts';
import { createFakeEncryption } from '../../../framework/testing/fakeEncryption.ts';
import { testCall } from '../../../framework/testing/testCall.ts';
import { openMemoryStore } from '../../../kv/drivers/memory/openMemoryStore.ts';
import type { Store } from '../../../kv/store.ts';
import { createPolicyCache } from '../../../policy/policyCache.ts';
import { createTimers } from '../../../kv/timers.ts';
import type { Timers } from '../../../kv/timers.ts';
import { createDispatcher } from '../../../outbox/dispatcher.ts';
import type { Dispatcher } from '../../../outbox/dispatcher.ts';
import { createEmitter } from '../../../outbox/emitter.ts';
import type { MissingRoles, RoleDescription, RoleDirectory } from '../../../ports/identity.ts';
import type { QueueReader } from '../../../ports/queueReader.ts';
import type { LogEvent, LogSink, LogTarget } from '../../../ports/logSink.ts';
import { createWorkPool } from '../../../workers/pool.ts';
import type { WorkPool } from '../../../workers/pool.ts';
import type { LambdaBlobs } from '../operation.ts';
import { createLambda } from '../createLambda.ts';
import type { Lambda, LambdaDeps } from '../createLambda.ts';
import { createFakeSandbox } from './fakeSandbox.ts';
import type { FakeSandbox } from './fakeSandbox.ts';

type Client = typeof import('@aws-sdk/client-lambda');

export const account = '000000000000';
export const region = 'us-east-1';
export const roleArn = `arn:aws:iam::${account}:role/worker`;

export interface TestLambda {
  readonly lambda: Lambda;
  readonly sandbox: FakeSandbox;
  readonly clock: MovableClock;
  readonly store: Store;
  readonly codeFolder: string;
  readonly blobs: FakeBlobs;
  /** Roles that were reported not to exist, in order. */
  readonly missingRoles: readonly string[];
  readonly warnings: LogRecord[];
  readonly logged: { readonly target: LogTarget; readonly event: LogEvent }[];
  /** All log messages so far, joined. */
  logText(): string;
  call<Name extends OperationName<Client> & string>(name: Name, input: Input<Client, Name>, options?: Partial<Call>): Promise<Output<Client, Name>>;
  /** Delivers what was accepted, to this service or a restarted one. Events are delivered by nobody until then. */
  startEvents(receiver?: Lambda): Dispatcher;
  /** A second service on the same store and folders, as after a restart. */
  restart(overrides?: Partial<LambdaDeps>): Lambda;
}

/** Runs `test` with a service, and cleans up. */
export async function withLambda(test: (bench: TestLambda) => Promise<void>, overrides: Partial<LambdaDeps> = {}): Promise<void> {
  const random = createSeededRandom(20_260_101);
  const clock = createFakeClock();
  const codeFolder = await mkdtemp(join(tmpdir(), 'haneul-lambda-'));
  const work = createWorkPool({ threads: 1 });
  const store = overrides.store ?? openMemoryStore({ clock, random });
  const blobFolder = await mkdtemp(join(tmpdir(), 'haneul-lambda-blobs-'));
  const blobs = createFakeBlobs(blobFolder);
  const sandbox = createFakeSandbox();
  // Each service has its own, as after a restart.
  const timersOf = new Map<Lambda, Timers>();
  const newTimers = (): Timers => createTimers({ store, clock, wall: clock, log: silentLogger });
  const warnings: LogRecord[] = [];
  const missingRoles: string[] = [];
  const logged: TestLambda['logged'][number][] = [];
  const logs: LogSink = { append: (target, events) => void logged.push(...events.map((event) => ({ target, event }))), flush: async () => undefined };
  const log = createLogger((record) => void warnings.push(record), 'warn');
  const deps: LambdaDeps = {
    ...{ store, blobs, sandbox, logs, clock, wall: clock, random, log, work, codeFolder, timers: newTimers() },
    emitter: createEmitter({ clock, random }),
    roles: fakeRoles(clock, missingRoles),
    roleAccess: async () => true,
    queues: noQueues,
    encryption: createFakeEncryption(),
    sealKey: random.bytes(32),
    localMode: true,
    monotonicMs: () => clock.now(),
    ...overrides,
  };
  const restart = (more: Partial<LambdaDeps> = {}): Lambda => {
    const timers = newTimers();
    const made = createLambda({ ...deps, timers, ...more });
    timersOf.set(made, timers);
    return made;
  };
  const lambda = restart();
  const stops: (() => Promise<void>)[] = [];
  const startEvents = (receiver: Lambda = lambda): Dispatcher => {
    const timers = timersOf.get(receiver) ?? newTimers();
    timersOf.delete(receiver);
    const dispatcher = createDispatcher({ store, clock, wall: clock, random, log, timers, targets: { for: (arn) => receiver.eventTarget(arn) } });
    dispatcher.start();
    timers.start();
    stops.push(async () => {
      await dispatcher.stop(0);
      await timers.stop();
    });
    return dispatcher;
  };
  try {
    await test({
      ...{ lambda, sandbox, clock, store, codeFolder, blobs, warnings, missingRoles, logged, restart, startEvents },
      logText: () => logged.map(({ event }) => event.message).join(''),
      call: (name, input, options) => callOperation(lambda, name, input, { nowMs: clock.now(), ...options }),
    });
  } finally {
    for (const stop of stops) await stop();
    await closeAll(lambda, work, store, codeFolder);
    await rm(blobFolder, { recursive: true });
  }
}

async function closeAll(lambda: Lambda, work: WorkPool, store: Store, codeFolder: string): Promise<void> {
  await lambda.close(0);
  await work.close();
  await store.close();
  await rm(codeFolder, { recursive: true, force: true });
}

const noQueues: QueueReader = {
  describe: async () => undefined,
  receive: async () => undefined,
  delete: async (_arn, handles) => handles,
  changeVisibility: async (_arn, handles) => handles,
};

// Callers other than root have no policies of their own here.
const authoriser: Authoriser = {
  credentials: { findCredential: async () => undefined, policiesOf: async () => ({ identity: [] }) },
  iam: 'enforce',
  policies: createPolicyCache(),
  log: silentLogger,
};

const requestIds = createSeededRandom(7);

/** Calls an operation as the handler chain does, after its constraints and its permission. */
export async function callOperation<Name extends OperationName<Client> & string>(
  lambda: Lambda,
  name: Name,
  input: Input<Client, Name>,
  options: Partial<Call>,
): Promise<Output<Client, Name>> {
  const operation = lambda.service.find(name);
  assert(operation, 'the operation is not in the manifest', { name });
  const call = testCall({ requestId: uuid(requestIds), ...options });
  await authorise(operation, input, call, { protocol: 'restJson1', credential: undefined }, authoriser);
  return (await operation.handle(input, call)) as Output<Client, Name>;
}

/** A small package. */
export function zipOf(files: Readonly<Record<string, string>> = { 'index.mjs': 'export const handler = async (event) => event;\n' }): Uint8Array {
  return zipSync(Object.fromEntries(Object.entries(files).map(([name, text]) => [name, new TextEncoder().encode(text)])));
}

/** What most tests create. */
export const helloFunction = {
  FunctionName: 'hello',
  Runtime: 'nodejs22.x',
  Role: roleArn,
  Handler: 'index.handler',
  Code: { ZipFile: zipOf() },
} as const;

export interface FakeBlobs extends LambdaBlobs {
  readonly bodies: Map<string, Uint8Array>;
}

function createFakeBlobs(folder: string): FakeBlobs {
  const bodies = new Map<string, Uint8Array>();
  const random = createSeededRandom(3);
  return {
    bodies,
    async write(body) {
      assert(body instanceof Uint8Array, 'packages are written as bytes');
      const id = hexId(random, 32) as BlobId;
      bodies.set(id, body);
      await writeFile(join(folder, id), body);
      return { id, bytes: body.length };
    },
    filePath: (id) => join(folder, id),
    adopt: () => undefined,
    discard: (tx, id) =>
      tx.afterCommit(() => {
        bodies.delete(id);
        rmSync(join(folder, id));
      }),
    async delete(id) {
      bodies.delete(id);
      await rm(join(folder, id));
    },
  };
}

/** Knows the role `worker`, which Lambda may assume, and `stranger`, which it may not. */
function fakeRoles(clock: MovableClock, missing: string[]): RoleDirectory & MissingRoles {
  const describe = (name: string): RoleDescription => ({
    arn: `arn:aws:iam::${account}:role/${name}`,
    roleName: name,
    roleId: 'AROAEXAMPLE',
    account,
    trustPolicy: name,
    maxSessionSeconds: 3_600,
  });
  return {
    findRole: async (arn) => ['worker', 'stranger'].map(describe).find((role) => role.arn === arn),
    trustsService: (role) => role.roleName === 'worker',
    reportMissing: ({ roleArn }) => void missing.push(roleArn),
    issueSession: async ({ sessionName, durationSeconds }) => ({
      accessKeyId: 'ASIAEXAMPLE',
      secretAccessKey: 'secret',
      sessionToken: `token of ${sessionName}`,
      expiresAtMs: clock.now() + durationSeconds * 1_000,
    }),
  };
}
