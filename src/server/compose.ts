// The only file that sees every service: what exists, and what each is given.

import { availableParallelism } from 'node:os';
import type { Readable } from 'node:stream';
import { parseArn } from '../base/arn.ts';
import { type Clock, createProductClock, type MovableClock } from '../base/clock.ts';
import type { Logger } from '../base/log.ts';
import type { Metrics } from '../base/metrics.ts';
import type { Random } from '../base/random.ts';
import { type AuthorizationMessages, createAuthorizationMessages } from '../framework/authorizationMessages.ts';
import { createRoleAccess } from '../framework/roleAccess.ts';
import type { BoundService } from '../framework/service.ts';
import { defineTable } from '../kv/table.ts';
import { createTimers } from '../kv/timers.ts';
import { createDispatcher } from '../outbox/dispatcher.ts';
import { createEmitter } from '../outbox/emitter.ts';
import { createActionCatalogue } from '../policy/actionCatalogue.ts';
import type { AccessUse } from '../ports/accessUse.ts';
import type { FunctionGate } from '../ports/functionGate.ts';
import type { CredentialDirectory } from '../ports/identity.ts';
import type { TargetDirectory } from '../ports/outbox.ts';
import type { Sandbox } from '../sandbox/types.ts';
import { createAccessUse } from '../services/iam/accessUse.ts';
import { type AccessSummary, describeAccess } from '../services/iam/describeAccess.ts';
import { createIdentity } from '../services/iam/provides.ts';
import { iamService } from '../services/iam/service.ts';
import { createLambda } from '../services/lambda/createLambda.ts';
import { createLogs } from '../services/logs/createLogs.ts';
import { createSecretsManager } from '../services/secretsmanager/createSecretsManager.ts';
import { createSsm } from '../services/ssm/createSsm.ts';
import { createS3 } from '../services/s3/createS3.ts';
import { createSqs } from '../services/sqs/createSqs.ts';
import { stsService } from '../services/sts/service.ts';
import { createWorkPool } from '../work/pool.ts';
import { isLocalMode, type ServerOptions } from './options.ts';
import { withRootKey } from './rootCredential.ts';
import { createSealedEncryption } from './sealedEncryption.ts';
import type { RootKey } from './secrets.ts';
import type { Storage } from './storage.ts';

/** What outlives a reset. */
export interface Foundation {
  readonly options: ServerOptions;
  readonly storage: Storage;
  readonly sandbox: Sandbox;
  readonly functionGate: FunctionGate;
  readonly sealKey: Uint8Array;
  /** Only where unknown keys are not trusted. */
  readonly rootKey: RootKey | undefined;
  readonly wall: Clock;
  readonly random: Random;
  readonly log: Logger;
  readonly metrics: Metrics;
}

/** The services over one life of the data: a reset closes one composition and makes the next. */
export interface Composition {
  readonly services: ReadonlyMap<string, BoundService>;
  readonly credentials: CredentialDirectory;
  readonly messages: AuthorizationMessages;
  readonly use: AccessUse;
  /** What a user or role may do and when it last did; undefined when there is none of this ARN. */
  accessReport(arn: string): Promise<AccessSummary | undefined>;
  readonly clock: MovableClock;
  /** Makes the clock's offset durable, then moves it. */
  advanceClock(milliseconds: number): Promise<void>;
  /** What a `/lambda-code/<token>` link leads to; undefined when it is not valid (any more). */
  findCodeDownload(token: string): CodeArchive | undefined;
  /** Resolves when the output of functions so far is stored. */
  settle(): Promise<void>;
  /** Ends answers that would go on for hours, so that a stop need not wait for them. */
  endLongAnswers(): void;
  /** Stops background work and every environment; what is acknowledged is already on disk. */
  close(): Promise<void>;
}

export interface CodeArchive {
  readonly fileName: string;
  open(): Promise<Readable>;
}

// Events that end within this time of a stop need no second attempt.
const eventDrainMs = 2_000;

const clockTable = defineTable<{ readonly offsetMs: number }>('server', 'clock');
const serverScope = { account: '', region: '' };

// One is left for the event loop; never so few that one large package makes every key generation wait.
function workThreads(): number {
  return Math.max(2, Math.min(4, availableParallelism() - 1));
}

/** Makes every service over what is stored. */
export async function compose(foundation: Foundation): Promise<Composition> {
  const { options, storage, sandbox, functionGate, sealKey, wall, random, log, metrics } = foundation;
  const { store } = storage;
  const blobs = storage.blobs();
  const savedClock = await store.read((tx) => clockTable.get(tx, serverScope, []));
  const clock = createProductClock(wall, savedClock?.offsetMs ?? 0);

  const identity = createIdentity({ store, clock, wall, random, log, toleratesMissingRoles: isLocalMode(options) });
  const work = createWorkPool({ threads: workThreads() });
  const logs = createLogs({ store, clock, wall, random, log, metrics });
  const timers = createTimers({ store, clock, wall, log });
  const emitter = createEmitter({ clock, random });
  const lambda = createLambda({
    store,
    emitter,
    blobs,
    sandbox,
    functionGate,
    roles: identity,
    logs: logs.sink,
    clock,
    wall,
    random,
    log,
    metrics,
    work,
    sealKey,
    codeFolder: storage.codeFolder,
    localMode: isLocalMode(options),
  });
  await lambda.recover();
  const encryption = createSealedEncryption(sealKey, random);
  const sqs = createSqs({ store, clock, random, timers, encryption, roleAccess: createRoleAccess({ roles: identity, toleratesMissingRoles: isLocalMode(options) }), log });
  const secretsManager = createSecretsManager({ store, random, encryption, timers, emitter, functions: lambda.access, invoker: lambda.invoker, clock, log });
  const ssmService = createSsm({ store, random, encryption, timers, secrets: secretsManager.reader });
  const s3 = createS3({ store, blobs, clock, random, log, timers, emitter, targets: { functions: lambda.access, others: new Map([['sqs', (question) => sqs.access.maySend({ ...question, service: 's3.amazonaws.com' })]]) } });
  // Everything that events can be sent to, by ARN.
  const targetsByService = new Map<string, TargetDirectory['for']>([
    ['lambda', (arn) => lambda.eventTarget(arn)],
    ['secretsmanager', () => secretsManager.eventTarget],
    ['sqs', (arn) => sqs.eventTarget(arn)],
  ]);
  const targets: TargetDirectory = { for: (arn) => targetsByService.get(parseArn(arn)?.service ?? '')?.(arn) };
  const dispatcher = createDispatcher({ store, clock, wall, random, log, targets, timers });
  dispatcher.start();
  timers.start();
  const { managedPolicies } = identity;
  const actions = createActionCatalogue();
  const use = createAccessUse({ store, wall, log });
  const messages = createAuthorizationMessages(sealKey, random);
  const bound = [
    iamService.bind({ store, random, managedPolicies, actions, use }),
    stsService.bind({ identity, messages }),
    logs.service,
    lambda.service,
    secretsManager.service,
    ssmService,
    s3.service,
    sqs.service,
  ];

  return {
    services: new Map(bound.map((service) => [service.id, service])),
    credentials: foundation.rootKey ? withRootKey(identity, foundation.rootKey, options.account) : identity,
    messages,
    use,
    accessReport: (arn) => describeAccess({ store, managedPolicies, actions, use }, arn),
    clock,
    async advanceClock(milliseconds) {
      const offsetMs = clock.offsetMs() + milliseconds;
      await store.transact(async (tx) => clockTable.set(tx, serverScope, [], { offsetMs }));
      clock.advance(milliseconds);
    },
    findCodeDownload(token) {
      const download = lambda.findCodeDownload(token);
      return download && { fileName: download.fileName, open: () => blobs.open(download.blobId) };
    },
    settle: () => logs.sink.flush(),
    endLongAnswers() {
      logs.endLiveTails();
      sqs.endLongPolls();
    },
    async close() {
      // What is cut off here is delivered again by the next composition.
      await dispatcher.stop(eventDrainMs);
      await timers.stop();
      await use.close();
      // The listener has drained by now, or a reset wants everything gone.
      await lambda.close(0);
      await work.close();
      await sqs.close();
      await logs.close();
    },
  };
}
