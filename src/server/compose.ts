// The only file that sees every service: what exists, and what each is given.

import { availableParallelism } from 'node:os';
import { parseArn } from '../base/arn.ts';
import { type Clock, createProductClock } from '../base/clock.ts';
import { uuid } from '../base/ids.ts';
import type { BlobStore } from '../blob/blobStore.ts';
import { createAuthorizationMessages } from '../framework/authorizationMessages.ts';
import { createDenialLog } from '../framework/denialLog.ts';
import type { ObjectReader } from '../framework/objectReader.ts';
import { createRoleAccess, type RoleAccess } from '../framework/roleAccess.ts';
import type { BoundService } from '../framework/service.ts';
import { createServiceDenials } from '../framework/serviceDenials.ts';
import type { Store } from '../kv/store.ts';
import { defineTable } from '../kv/table.ts';
import { createTimers, type Timers } from '../kv/timers.ts';
import { createDispatcher } from '../outbox/dispatcher.ts';
import { createEmitter } from '../outbox/emitter.ts';
import { createActionCatalogue } from '../policy/actionCatalogue.ts';
import type { Destinations } from '../ports/destinationLookup.ts';
import type { Emitter, TargetDirectory } from '../ports/outbox.ts';
import { createApplicationAutoscaling } from '../services/application-autoscaling/createApplicationAutoscaling.ts';
import { createRecorder } from '../services/cloudtrail/recorder.ts';
import { cloudTrail } from '../services/cloudtrail/service.ts';
import { createEvents } from '../services/events/createEvents.ts';
import { createAccessUse } from '../services/iam/accessUse.ts';
import { describeAccess } from '../services/iam/describeAccess.ts';
import { openOrganization, type Organization } from '../services/iam/organization.ts';
import { createMfaDirectory } from '../services/iam/mfaDevices.ts';
import { createFederationDirectory } from '../services/iam/openIdProviders.ts';
import { createIdentity } from '../services/iam/provides.ts';
import { iamService } from '../services/iam/service.ts';
import { createCloudWatch } from '../services/cloudwatch/createCloudWatch.ts';
import { createEcr } from '../services/ecr/createEcr.ts';
import { createKms } from '../services/kms/createKms.ts';
import { createLambda } from '../services/lambda/createLambda.ts';
import { createLogs } from '../services/logs/createLogs.ts';
import { createPipes } from '../services/pipes/createPipes.ts';
import { createS3 } from '../services/s3/createS3.ts';
import { createScheduler } from '../services/scheduler/createScheduler.ts';
import { createSecretsManager } from '../services/secretsmanager/createSecretsManager.ts';
import { createSns } from '../services/sns/createSns.ts';
import { createSqs } from '../services/sqs/createSqs.ts';
import { createSsm } from '../services/ssm/createSsm.ts';
import { createSts } from '../services/sts/createSts.ts';
import { createWorkPool } from '../workers/pool.ts';
import type { Composition, Foundation } from './composition.ts';
import { createMailbox, type ServerMailbox } from './mailbox.ts';
import { isLocalMode } from './options.ts';
import { createRoleCaller } from './roleCalls.ts';
import { withRootKey } from './rootCredential.ts';
import { createSigningCertificates } from './tls/signingCertificate.ts';

/** What one product adds to the server. */
interface Part {
  readonly services: readonly BoundService[];
  /** Where events go that are sent to an ARN of one of these services. */
  readonly targets?: Readonly<Record<string, TargetDirectory['for']>>;
  /** Ends answers that would go on for long. */
  endLongAnswers?(): void;
  /** Ends background work. */
  close?(): Promise<void>;
}

// Events that end within this time of a stop need no second attempt.
const eventDrainMs = 2_000;

const clockTable = defineTable<{ readonly offsetMs: number }>('server', 'clock');
const serverScope = { account: '', region: '' };

/** Makes every service over what is stored. */
export async function compose(foundation: Foundation): Promise<Composition> {
  const { options, storage, wall, random, log } = foundation;
  const { store } = storage;
  const savedClock = await store.read((tx) => clockTable.get(tx, serverScope, []));
  const clock = createProductClock(wall, savedClock?.offsetMs ?? 0);
  const timers = createTimers({ store, clock, wall, log });
  const common: Common = { store, blobs: storage.blobs(), clock, wall, random, log, metrics: foundation.metrics, timers, emitter: createEmitter({ clock, random }), mailbox: createMailbox({ store, clock, random, log }) };
  const organization = await openOrganization(store);
  // Rules of EventBridge send to everything that there is, which is known once all is made.
  let targetsByService: ReadonlyMap<string, TargetDirectory['for']> = new Map();
  const targets: TargetDirectory = { for: (arn) => targetsByService.get(parseArn(arn)?.service ?? '')?.(arn) };
  const { parts, lambda, pipes, logs, access, recorder, denials } = createParts(foundation, common, organization, targets);
  await lambda.recover();
  await logs.resume();

  targetsByService = new Map(parts.flatMap((part) => Object.entries(part.targets ?? {})));
  const dispatcher = createDispatcher({ store, clock, wall, random, log, targets, timers });
  dispatcher.start();
  timers.start();
  lambda.startPolling();
  pipes.start();

  return {
    services: new Map(parts.flatMap(({ services }) => services.map((service) => [service.id, service]))),
    credentials: foundation.rootKey ? withRootKey(access.identity, foundation.rootKey, options.account) : access.identity,
    messages: access.messages,
    use: access.use,
    audit: recorder,
    denials,
    organization,
    mailbox: common.mailbox,
    accessReport: (arn) => describeAccess({ store, ...access, managedPolicies: access.identity.managedPolicies }, arn),
    clock,
    async advanceClock(milliseconds) {
      const offsetMs = clock.offsetMs() + milliseconds;
      await store.transact(async (tx) => clockTable.set(tx, serverScope, [], { offsetMs }));
      clock.advance(milliseconds);
    },
    findCodeDownload(token) {
      const download = lambda.findCodeDownload(token);
      return download && { fileName: download.fileName, open: () => common.blobs.open(download.blobId) };
    },
    settle: () => logs.sink.flush(),
    endLongAnswers() {
      for (const part of parts) part.endLongAnswers?.();
    },
    async close() {
      // What is cut off here is delivered again by the next composition.
      await dispatcher.stop(eventDrainMs);
      await timers.stop();
      // The last first: functions write to the logs to their end.
      for (const part of [...parts].reverse()) await part.close?.();
    },
  };
}

/** What every service may use. */
interface Common extends Pick<Foundation, 'wall' | 'random' | 'log' | 'metrics'> {
  readonly store: Store;
  readonly blobs: BlobStore;
  /** Product time. */
  readonly clock: Clock;
  readonly timers: Timers;
  readonly emitter: Emitter;
  readonly mailbox: ServerMailbox;
}

// In the order in which they need each other: what closes last comes first.
function createParts(foundation: Foundation, common: Common, organization: Organization, directory: TargetDirectory) {
  const { options, storage, sandbox, functionGate, sealKey } = foundation;
  const { random, wall } = common;
  const localMode = isLocalMode(options);
  const { identity, access, recorder, denials, serviceDenials, roleAccess, parts: accessParts } = createAccess(foundation, common, organization);
  const work = createWorkPool({ threads: workThreads() });
  // Alarms and parameters tell the bus, which is made later.
  const cloudWatch = createCloudWatch({ ...common, bus: { put: (tx, event) => events.bus.put(tx, event) } });
  // Subscriptions invoke functions, whose output goes to the logs.
  const queryThreads = createWorkPool({ threads: 2 });
  const logs = createLogs({ ...common, tasks: queryThreads, objects: { may: (question) => s3.serviceObjects.may(question), put: (object) => s3.serviceObjects.put(object) }, recorder: cloudWatch.recorder, functions: { mayInvoke: (question) => lambda.access.mayInvoke(question) } });
  const kms = createKms({ ...common, rootKey: sealKey });
  const { encryption } = kms;
  const sqs = createSqs({ ...common, encryption, sealKey, roleAccess, serviceDenials });
  // Functions are told by buckets, and their packages may lie in them: whoever is made first asks the other later.
  const objects: ObjectReader = { read: (call, object) => s3.objects.read(call, object) };
  const destinations: Destinations = new Map([
    ['s3', (arn: string) => s3.findDestination(arn)],
    ['events', (arn: string) => events.findDestination(arn)],
    ['sns', (arn: string) => sns.findDestination(arn)],
  ]);
  const ecr = createEcr({ ...common, sealKey });
  const lambda = createLambda({
    ...common, destinations, encryption, objects, roleAccess, serviceDenials, sandbox, functionGate, work, sealKey, localMode,
    roles: identity,
    logs: logs.sink,
    queues: sqs.reader,
    codeFolder: storage.codeFolder,
    enforcesRoles: options.iam === 'enforce',
    accountConcurrency: options.lambdaConcurrency,
    recorder: cloudWatch.recorder,
  });
  const autoscaling = createApplicationAutoscaling({ ...common, resources: [lambda.scalable] });
  const secretsManager = createSecretsManager({ ...common, encryption, functions: lambda.access, invoker: lambda.invoker });
  const ssm = createSsm({ ...common, encryption, secrets: secretsManager.reader, bus: { put: (tx, event) => events.bus.put(tx, event) } });
  const certify = createSigningCertificates(wall, random);
  const sns = createSns({ ...common, recorder: cloudWatch.recorder, encryption, sealKey, roleAccess, serviceDenials, certify, logs: logs.sink, queues: sqs.writer, functions: lambda.access, localMode });
  const events = createEvents({ ...common, directory, functions: lambda.access, roleAccess, serviceDenials, secrets: secretsManager.keeper, logs, recorder: cloudWatch.recorder, allowsLoopback: localMode });
  const servicesById = (): ReadonlyMap<string, BoundService> => new Map(parts.flatMap(({ services }) => services.map((service) => [service.id, service])));
  const api = createRoleCaller({ ...common, services: servicesById, roles: identity, roleAccess, endpoint: `http://${options.host}:${options.port}`, newRequestId: () => uuid(random) });
  const scheduler = createScheduler({ ...common, directory, functions: lambda.access, roles: identity, roleAccess, api });
  const pipes = createPipes({ ...common, directory, roles: identity, roleAccess, queues: sqs.reader, invoker: lambda.invoker, apiDestinations: events.apiDestinations, logs });
  const receivers = new Map([['sqs', sqs.mayReceive], ['sns', sns.mayPublish], ['events', events.mayReceive]]);
  const s3 = createS3({ ...common, bus: events.bus, encryption, roleAccess, targets: { functions: lambda.access, others: receivers } });
  const parts: readonly Part[] = [
    { services: [cloudWatch.service], close: () => cloudWatch.close() },
    { services: [], close: () => queryThreads.close() },
    { services: [logs.service], targets: { logs: (arn) => logs.eventTarget(arn) }, endLongAnswers: () => logs.endLiveTails(), close: () => logs.close() },
    ...accessParts,
    { services: [], close: () => work.close() },
    { services: [kms.service], close: () => kms.close() },
    { services: [ecr.service] },
    { services: [sqs.service], targets: { sqs: (arn) => sqs.eventTarget(arn) }, endLongAnswers: () => sqs.endLongPolls(), close: () => sqs.close() },
    { services: [sns.service], targets: { sns: (arn) => sns.eventTarget(arn) } },
    { services: [s3.service], targets: { s3: () => s3.eventTarget } },
    // After the functions that they wait for.
    { services: [pipes.service], endLongAnswers: () => pipes.endPolling(), close: () => pipes.close() },
    // The listener has drained by now, or a reset wants everything gone.
    { services: [lambda.service], targets: { lambda: (arn) => lambda.eventTarget(arn) }, endLongAnswers: () => lambda.endPolling(), close: () => lambda.close(0) },
    { services: [secretsManager.service], targets: { secretsmanager: () => secretsManager.eventTarget } },
    { services: [ssm] },
    { services: [events.service], targets: { events: (arn) => events.eventTarget(arn) } },
    { services: [scheduler.service], targets: { scheduler: (arn) => scheduler.eventTarget(arn) } },
    { services: [autoscaling] },
  ];
  return { parts, lambda, pipes, logs, access, recorder, denials };
}

/** Who may do what, who did it, and who was refused. */
function createAccess({ options, sealKey }: Foundation, common: Common, organization: Organization) {
  const { store, random, log, wall, clock } = common;
  const localMode = isLocalMode(options);
  const identity = createIdentity({ ...common, organization, toleratesMissingRoles: localMode });
  const access = { identity, actions: createActionCatalogue(), use: createAccessUse({ store, wall, log }), messages: createAuthorizationMessages(sealKey, random) };
  const recorder = createRecorder(common);
  const sts = createSts({ ...common, ...access, federation: createFederationDirectory(store), mfa: createMfaDirectory(store, clock), localMode });
  const denials = createDenialLog();
  const serviceDenials = createServiceDenials({ denials, newRequestId: () => uuid(random), log });
  // Where IAM is switched off or only watched, nothing is refused to the roles that services act in either.
  const roleAccess: RoleAccess = options.iam === 'enforce' ? createRoleAccess({ roles: identity, toleratesMissingRoles: localMode, denials: serviceDenials }) : async () => true;
  const parts: readonly Part[] = [
    { services: [iamService.bind({ ...common, ...access, managedPolicies: identity.managedPolicies }), sts], close: () => access.use.close() },
    { services: [cloudTrail.bind({ ...common, recorder })], close: () => recorder.close() },
  ];
  return { identity, access, recorder, denials, serviceDenials, roleAccess, parts };
}

// One is left for the event loop; never so few that one large package makes every key generation wait.
function workThreads(): number {
  return Math.max(2, Math.min(4, availableParallelism() - 1));
}
