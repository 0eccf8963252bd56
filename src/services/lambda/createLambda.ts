import type { Clock } from '../../base/clock.ts';
import type { Logger } from '../../base/log.ts';
import { type Metrics, silentMetrics } from '../../base/metrics.ts';
import type { Random } from '../../base/random.ts';
import type { ObjectReader } from '../../framework/objectReader.ts';
import type { RoleAccess } from '../../framework/roleAccess.ts';
import type { ServiceDenials } from '../../framework/serviceDenials.ts';
import type { BoundService } from '../../framework/service.ts';
import type { Store } from '../../kv/store.ts';
import type { Timers } from '../../kv/timers.ts';
import type { Destinations } from '../../ports/destinationLookup.ts';
import type { Encryption } from '../../ports/encryption.ts';
import type { FunctionAccess } from '../../ports/functionAccess.ts';
import type { FunctionGate } from '../../ports/functionGate.ts';
import type { FunctionInvoker } from '../../ports/functionInvoker.ts';
import type { MissingRoles, RoleDirectory } from '../../ports/identity.ts';
import type { DeliveryTarget, Emitter } from '../../ports/outbox.ts';
import type { LogSink } from '../../ports/logSink.ts';
import { unrecordedMetrics, type MetricRecorder } from '../../ports/metrics.ts';
import type { QueueReader } from '../../ports/queueReader.ts';
import type { ScalableResource } from '../../ports/scalableResource.ts';
import type { StreamReaders } from '../../ports/streamReader.ts';
import type { Sandbox } from '../../sandbox/types.ts';
import type { WorkPool } from '../../workers/pool.ts';
import { openCodeToken } from './domain/codeLocation.ts';
import { parseFunctionArn } from './domain/functionName.ts';
import { createDurable } from './durable/durable.ts';
import { timerService } from './durable/edit.ts';
import { parseExecutionArn } from './durable/names.ts';
import type { CodeDownload } from './domain/codeLocation.ts';
import { createExecutionEnvironment } from './environments/executionEnvironment.ts';
import { createSampler } from './environments/sampler.ts';
import { createFleet } from './environments/fleet.ts';
import { createScalableConcurrency } from './environments/scalableConcurrency.ts';
import { createProvisioning } from './environments/provisioning.ts';
import { createEventTarget } from './invocations/eventTarget.ts';
import { createFunctionInvoker } from './invocations/invoker.ts';
import { createFilterVault } from './mappings/filterVault.ts';
import { createMappingRunner } from './mappings/mappingRunner.ts';
import { concurrentExecutionsMax, eventsAtOncePart, hostEnvironmentsMaxDefault } from './limits.ts';
import type { LambdaBlobs } from './operation.ts';
import { createLayerFolders } from './layers/layerFolders.ts';
import { createPackageStore } from './packages/packageStore.ts';
import { createFunctionAccess } from './provides.ts';
import { expectStoredFunctions } from './runtimePreparation.ts';
import { lambdaService } from './service.ts';
import { createSnapshots } from './snapstart/snapshots.ts';
import { createVariableVault } from './variableVault.ts';

export interface LambdaDeps {
  readonly store: Store;
  readonly blobs: LambdaBlobs;
  readonly sandbox: Sandbox;
  /** When executions go on. */
  readonly timers: Timers;
  /** Commits asynchronous invocations; whoever dispatches delivers them to `eventTarget`. */
  readonly emitter: Emitter;
  /** Packages in buckets; absent where there is no S3. */
  readonly objects?: ObjectReader | undefined;
  readonly roles: RoleDirectory & MissingRoles;
  /** Asked what the roles of functions may do at queues and other places. */
  readonly roleAccess: RoleAccess;
  /** Told of what is refused to services. */
  readonly serviceDenials?: ServiceDenials;
  /** What event source mappings read. */
  readonly queues: QueueReader;
  /** Where the ends of events can be told, besides queues and functions. */
  readonly destinations?: Destinations;
  /** The same for streams; without them none can be mapped. */
  readonly streams?: StreamReaders;
  readonly logs: LogSink;
  readonly clock: Clock;
  readonly wall: Clock;
  readonly random: Random;
  readonly log: Logger;
  readonly metrics?: Metrics;
  readonly work: WorkPool;
  /** KMS keys that functions name for their environment variables. */
  readonly encryption: Encryption;
  /** A host folder of its own, for unpacked packages. */
  readonly codeFolder: string;
  /** 32 bytes; environment variables and code links are sealed with it. */
  readonly sealKey: Uint8Array;
  readonly localMode: boolean;
  /** True when absent; false where IAM is switched off or only watched. */
  readonly enforcesRoles?: boolean;
  /** How the code of functions reaches this server. */
  readonly functionGate?: FunctionGate;
  readonly hostEnvironmentsMax?: number;
  /** Invocations of one account and region at once; AWS's default when absent. */
  readonly accountConcurrency?: number | undefined;
  /** CloudWatch, where there is one. */
  readonly recorder?: MetricRecorder;
  /** `x86_64` or `arm64`; that of the running Node.js when absent. */
  readonly hostArchitecture?: string;
  /** For durations; `performance.now` when absent. */
  readonly monotonicMs?: () => number;
}

export interface Lambda {
  readonly service: BoundService;
  /** Asked by services that invoke functions. */
  readonly access: FunctionAccess;
  /** Calls functions for services that wait for the answer. */
  readonly invoker: FunctionInvoker;
  /** What Application Auto Scaling scales. */
  readonly scalable: ScalableResource;
  /** Where events for functions are delivered; undefined for what is no function's ARN. */
  eventTarget(arn: string): DeliveryTarget | undefined;
  /** What a `/lambda-code/<token>` link leads to; undefined when it is not valid (any more). */
  findCodeDownload(token: string): CodeDownload | undefined;
  /** Once, before the first request. */
  recover(): Promise<void>;
  /** Begins to read event sources. */
  startPolling(): void;
  /** Reads no more; what has been read is finished. */
  endPolling(): void;
  /** Lets running invocations end, within `drainMs`, and ends all environments. */
  close(drainMs: number): Promise<void>;
}

/** The whole of AWS Lambda: the service, its environments and its packages. */
export function createLambda(deps: LambdaDeps): Lambda {
  const { clock, wall, sealKey } = deps;
  const log = deps.log.with({ service: 'lambda' });
  const streams: StreamReaders = deps.streams ?? new Map();
  const packages = createPackageStore({ ...deps, log });
  const layers = createLayerFolders({ ...deps, packages, log });
  const variables = createVariableVault(deps);
  const filters = createFilterVault(deps);
  const recorder = deps.recorder ?? unrecordedMetrics;
  const execution = {
    ...deps,
    packages,
    layers,
    variables,
    log,
    enforcesRoles: deps.enforcesRoles ?? true,
    hostArchitecture: deps.hostArchitecture ?? (process.arch === 'arm64' ? 'arm64' : 'x86_64'),
    sample: createSampler(deps),
    monotonicMs: deps.monotonicMs ?? (() => performance.now()),
  };
  const snapshots = createSnapshots({ store: deps.store, log, create: (deployment) => createExecutionEnvironment(execution, deployment, 'snap-start') });
  const hostEnvironmentsMax = deps.hostEnvironmentsMax ?? hostEnvironmentsMaxDefault;
  const accountConcurrency = deps.accountConcurrency ?? concurrentExecutionsMax;
  const fleet = createFleet({
    clock,
    wall,
    log,
    metrics: deps.metrics ?? silentMetrics,
    hostEnvironmentsMax,
    accountConcurrency,
    recorder,
    create: (deployment, initializationType) =>
      deployment.row.snapStart?.state === 'on'
        ? createExecutionEnvironment(execution, deployment, 'snap-start', () => snapshots.find(deployment))
        : createExecutionEnvironment(execution, deployment, initializationType),
  });
  const durable = createDurable({ ...deps, log, fleet });
  deps.timers.handle(timerService, durable.fire);
  const provisioning = createProvisioning({ ...deps, log, provisioned: fleet.provisioned });
  const access = createFunctionAccess({ store: deps.store, clock, serviceDenials: deps.serviceDenials });
  const atOnceMax = Math.ceil(hostEnvironmentsMax * eventsAtOncePart);
  const eventTarget = createEventTarget({ ...deps, log, fleet, durable, access, atOnceMax });
  const mappings = createMappingRunner({ ...deps, streams, log, fleet, durable, atOnceMax, filters, recorder });
  return {
    service: lambdaService.bind({ ...deps, streams, destinations: deps.destinations ?? new Map(), log, packages, variables, filters, fleet, durable, snapshots, accountConcurrency, interpreters: () => deps.sandbox.interpreters, runtimes: deps.sandbox }),
    access,
    invoker: createFunctionInvoker({ ...deps, log, fleet, durable, access }),
    scalable: createScalableConcurrency({ provisioned: fleet.provisioned, accountConcurrency }),
    eventTarget: (arn) => (parseExecutionArn(arn) !== undefined ? durable.target : parseFunctionArn(arn) === undefined ? undefined : eventTarget),
    findCodeDownload: (token) => openCodeToken(token, clock.now(), sealKey),
    async recover() {
      await packages.recover();
      await snapshots.recover();
      await expectStoredFunctions(deps.store, { runtimes: deps.sandbox, variables });
    },
    startPolling() {
      provisioning.start();
      mappings.start();
    },
    endPolling() {
      mappings.endPolling();
      durable.endWaiting();
    },
    async close(drainMs) {
      mappings.endPolling();
      durable.endWaiting();
      const provisioned = provisioning.stop();
      await fleet.close(drainMs);
      await snapshots.close();
      await provisioned;
      await mappings.stop();
      await layers.settle();
      await packages.settle();
    },
  };
}
