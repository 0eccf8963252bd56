import type { Clock } from '../../base/clock.ts';
import { uuid } from '../../base/ids.ts';
import type { Logger } from '../../base/log.ts';
import type { Random } from '../../base/random.ts';
import { createAccountAccess } from '../../framework/accountAccess.ts';
import type { RoleAccess } from '../../framework/roleAccess.ts';
import { createServiceAccess } from '../../framework/serviceAccess.ts';
import type { ServiceDenials } from '../../framework/serviceDenials.ts';
import type { BoundService } from '../../framework/service.ts';
import type { Store } from '../../kv/store.ts';
import type { FiredTimer, Timers } from '../../kv/timers.ts';
import type { Transaction } from '../../kv/store.ts';
import type { ApiDestinations } from '../../ports/apiDestination.ts';
import type { DestinationAccess } from '../../ports/destinationAccess.ts';
import type { FindDestination } from '../../ports/destinationLookup.ts';
import type { EventBus } from '../../ports/eventBus.ts';
import type { FunctionAccess } from '../../ports/functionAccess.ts';
import { type MetricRecorder, unrecordedMetrics } from '../../ports/metrics.ts';
import type { DeliveryTarget, Emitter, TargetDirectory } from '../../ports/outbox.ts';
import type { SecretKeeper } from '../../ports/secretKeeper.ts';
import { sweepArchive } from './archiving.ts';
import { createApiDestinations } from './delivery/apiDelivery.ts';
import { createApiClient } from './delivery/apiClient.ts';
import { createConnectionAuth } from './delivery/connectionAuth.ts';
import { createTarget, isDeliverable } from './delivery/createTarget.ts';
import type { LogGroups } from './delivery/logDelivery.ts';
import { createRateLimit } from './delivery/rateLimit.ts';
import { eventTime, type EventRecord } from './domain/eventRecord.ts';
import { defaultBus, parseBusArn } from './domain/names.ts';
import { continueReplay } from './jobs/replaying.ts';
import { fireRule } from './jobs/schedules.ts';
import { createRuleMetrics } from './metrics.ts';
import { type EventsDeps, findBus, nowOf } from './operation.ts';
import { newBudget, publish } from './publish.ts';
import { createRulesets } from './rulesets.ts';
import { eventsService } from './service.ts';

export interface EventsOptions {
  readonly store: Store;
  /** Product time. */
  readonly clock: Clock;
  /** For what waits on others' machines. */
  readonly wall: Clock;
  readonly random: Random;
  readonly timers: Timers;
  readonly emitter: Emitter;
  readonly log: Logger;
  /** Everything that a rule's target can be. */
  readonly directory: TargetDirectory;
  readonly functions: FunctionAccess;
  readonly roleAccess: RoleAccess;
  /** Told of what is refused to services. */
  readonly serviceDenials?: ServiceDenials;
  readonly secrets: SecretKeeper;
  readonly logs: LogGroups;
  /** CloudWatch, where there is one. */
  readonly recorder?: MetricRecorder | undefined;
  /** Local mode: API destinations on this machine, over plain HTTP too. */
  readonly allowsLoopback: boolean;
}

export interface RunningEvents {
  readonly service: BoundService;
  /** For services that tell of themselves. */
  readonly bus: EventBus;
  /** For services that call them for their users. */
  readonly apiDestinations: ApiDestinations;
  /** Where events for buses and for the targets of rules are delivered; undefined for other ARNs. */
  eventTarget(arn: string): DeliveryTarget | undefined;
  /** Asked by services before they send to a bus for their users. */
  readonly mayReceive: DestinationAccess;
  /** For services that send to buses in the name of a role. */
  readonly findDestination: FindDestination;
}

/** The whole of EventBridge. To be made before the timers start. */
export function createEvents(options: EventsOptions): RunningEvents {
  const log = options.log.with({ service: 'events' });
  const api = createApiClient(options);
  const metrics = createRuleMetrics(options.recorder ?? unrecordedMetrics, options.clock);
  const deps: EventsDeps = { ...options, log, metrics, rulesets: createRulesets(), auth: createConnectionAuth({ ...options, api }) };
  const access = { serviceAccess: createServiceAccess(options.serviceDenials), accountAccess: createAccountAccess() };
  const targetDeps = { ...options, ...deps, ...access, api, rates: createRateLimit(options.clock) };
  const target = createTarget(targetDeps);
  options.timers.handle('events', (tx, timer) => fire(tx, timer, deps));
  return {
    service: eventsService.bind(deps),
    bus: createEventBus(deps),
    apiDestinations: createApiDestinations(targetDeps),
    eventTarget: (arn) => (isDeliverable(arn) ? target : undefined),
    mayReceive: async ({ arn }) => ({ kind: (await isBus(arn)) ? 'allowed' : 'absent' }),
    findDestination: async (arn) => ((await isBus(arn)) ? { fifo: false } : undefined),
  };

  async function isBus(arn: string): Promise<boolean> {
    const name = parseBusArn(arn);
    return name !== undefined && (await deps.store.read((tx) => findBus(tx, name))) !== undefined;
  }
}

function createEventBus(deps: EventsDeps): EventBus {
  return {
    async put(tx, { account, region, source, detailType, detail, resources, atMs }) {
      const record: EventRecord = { version: '0', id: uuid(deps.random), 'detail-type': detailType, source, account, time: eventTime(atMs), region, resources, detail };
      await publish(tx, { bus: { account, region, bus: defaultBus }, record, text: JSON.stringify(record), nowMs: nowOf(deps) }, newBudget(), deps);
      return record.id;
    },
  };
}

async function fire(tx: Transaction, { id, dueMs }: FiredTimer, deps: EventsDeps): Promise<void> {
  const [kind, account = '', region = '', ...rest] = id.split('/');
  const name = rest.join('/');
  const scope = { account, region };
  if (kind === 'rule') await fireRule(tx, { ...scope, rule: name }, dueMs, deps);
  else if (kind === 'replay') await continueReplay(tx, scope, name, deps);
  else if (kind === 'sweep') await sweepArchive(tx, scope, name, deps);
}
