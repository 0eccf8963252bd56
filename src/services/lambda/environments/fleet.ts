// All execution environments of the server: which one serves a request, when a new one is started, when one is ended.
// One request per environment; the one that was used last serves next, so that the others can fall idle and be ended.
import type { Clock } from '../../../base/clock.ts';
import type { Logger } from '../../../base/log.ts';
import type { Metrics } from '../../../base/metrics.ts';
import type { MetricRecorder } from '../../../ports/metrics.ts';
import type { Place } from '../domain/functionName.ts';
import { errors } from '../errors.ts';
import { environmentIdleMs } from '../limits.ts';
import { createAdmission } from './admission.ts';
import { createAdmittance, type InvocationRules } from './admittance.ts';
import { recordDropped } from './invocationMetrics.ts';
import { versionKey } from './deployment.ts';
import type { Deployment, InitializationType } from './deployment.ts';
import { createFleetMetrics, type EnvironmentCounts } from './fleetMetrics.ts';
import type { ExecutionEnvironment, InvocationInput, InvocationResult } from './executionEnvironment.ts';
import { createProvisioned, type Provisioned } from './provisioned.ts';

export interface FleetDeps {
  readonly clock: Clock;
  readonly wall: Clock;
  readonly log: Logger;
  readonly metrics: Metrics;
  /** Environments of all functions together that this host can hold. */
  readonly hostEnvironmentsMax: number;
  /** Invocations of one account and region at once. */
  readonly accountConcurrency: number;
  /** CloudWatch. */
  readonly recorder: MetricRecorder;
  readonly create: (deployment: Deployment, initializationType: InitializationType) => ExecutionEnvironment;
}

export interface Fleet {
  /** Serves one invocation in an idle environment of this deployment, or in a new one. Throws TooManyRequestsException at a limit. */
  invoke(deployment: Deployment, rules: InvocationRules, input: InvocationInput): Promise<InvocationResult>;
  /** What is kept ready whether anybody asks or not. */
  readonly provisioned: Provisioned;
  /** Counts an invocation that was stopped because its function is in a loop, and says so. */
  dropRecursive(functionArn: string): void;
  /** Ends all environments of a version whose code or settings changed; a running one serves its request first. */
  retire(place: Place, name: string, version: string): void;
  /** Admits nothing more, waits up to `drainMs` for what runs, and ends everything. */
  close(drainMs: number): Promise<void>;
}

interface Member {
  readonly environment: ExecutionEnvironment;
  /** Undefined when it is provisioned. */
  readonly group: Group | undefined;
  idleSinceMs: number;
  ending: boolean;
}

/** The environments of one deployment of one version. */
interface Group {
  readonly key: string;
  /** The same for all tenants. */
  readonly version: string;
  readonly deploymentId: string;
  /** A stack: the last is the warmest. */
  readonly idle: Member[];
  busy: number;
  retired: boolean;
}

export function createFleet(deps: FleetDeps): Fleet {
  const { clock, log } = deps;
  const groups = new Map<string, Group>();
  const [endings, members] = [new Set<Promise<void>>(), new Set<Member>()];
  let closing = false;
  let running = 0;
  let onDrained = (): void => undefined;
  let cancelSweep: (() => void) | undefined;

  const metrics = createFleetMetrics(deps.metrics, countEnvironments);
  const admission = createAdmission(deps);
  const provisioned = createProvisioned({
    ...{ clock, wall: deps.wall, log },
    create: (deployment) => addMember(deployment, undefined)?.environment,
    end: (environment) => [...members].filter((member) => member.environment === environment).forEach(end),
  });

  const admit = createAdmittance({ recorder: deps.recorder, clock, admission, provisioned, serve: (deployment, input) => serve(groupOf(deployment), deployment, input) });

  function countEnvironments(): EnvironmentCounts {
    const counts = { starting: 0, busy: 0, idle: 0, ending: 0 };
    for (const { environment, ending } of members) counts[ending ? 'ending' : environment.isStarting() ? 'starting' : 'busy'] += 1;
    for (const group of groups.values()) counts.idle += group.idle.length;
    counts.busy -= counts.idle;
    return counts;
  }

  function groupOf({ place, name, row, tenantId }: Deployment): Group {
    const version = versionKey(place, name, row.version);
    // Tenants that are isolated share no environment: a group for each.
    const key = tenantId === undefined ? version : `${version}/${tenantId}`;
    const group = groups.get(key);
    if (group?.deploymentId === row.deploymentId) return group;
    if (group !== undefined) retireGroup(group);
    const fresh: Group = { key, version, deploymentId: row.deploymentId, idle: [], busy: 0, retired: false };
    groups.set(key, fresh);
    return fresh;
  }

  function retireGroup(group: Group): void {
    group.retired = true;
    if (groups.get(group.key) === group) groups.delete(group.key);
    for (const member of group.idle.splice(0)) end(member);
  }

  function end(member: Member): void {
    if (member.ending) return;
    member.ending = true;
    const ending = member.environment
      .dispose()
      .catch((error: unknown) => log.error('an execution environment could not be ended', { error: String(error) }))
      .finally(() => {
        members.delete(member);
        endings.delete(ending);
      });
    endings.add(ending);
  }

  function takeIdle(group: Group): Member | undefined {
    for (let member = group.idle.pop(); member !== undefined; member = group.idle.pop()) {
      if (member.environment.isUsable()) return member;
      end(member);
    }
    return undefined;
  }

  function startMember(group: Group, deployment: Deployment): Member {
    admission.startEnvironment(deployment.place, deployment.name);
    const member = addMember(deployment, group);
    if (member === undefined) {
      log.warn('this host runs as many function environments as it may; an invocation was throttled', { environments: members.size });
      throw errors.throttled('ConcurrentInvocationLimitExceeded');
    }
    member.environment.onLost(() => {
      const position = group.idle.indexOf(member);
      if (position < 0) return;
      group.idle.splice(position, 1);
      end(member);
    });
    return member;
  }

  /** Undefined when the host is full of environments that are in use or provisioned. */
  function addMember(deployment: Deployment, group: Group | undefined): Member | undefined {
    if (members.size >= deps.hostEnvironmentsMax) evictColdest();
    // An evicted one counts until its process is gone, so a full host may briefly hold one more than allowed.
    if (members.size - endings.size >= deps.hostEnvironmentsMax) return undefined;
    const environment = deps.create(deployment, group === undefined ? 'provisioned-concurrency' : 'on-demand');
    const member: Member = { environment, group, idleSinceMs: 0, ending: false };
    members.add(member);
    return member;
  }

  function evictColdest(): void {
    const coldest = findColdest(groups.values());
    if (coldest === undefined) return;
    coldest.group?.idle.shift();
    end(coldest);
  }

  function putBack(group: Group, member: Member): void {
    if (closing || group.retired || !member.environment.isUsable()) return end(member);
    member.idleSinceMs = clock.now();
    group.idle.push(member);
    scheduleSweep();
  }

  function scheduleSweep(): void {
    if (cancelSweep !== undefined || closing) return;
    cancelSweep = clock.at(clock.now() + environmentIdleMs, () => {
      cancelSweep = undefined;
      sweep();
    });
  }

  function sweep(): void {
    const before = clock.now() - environmentIdleMs;
    for (const group of [...groups.values()]) {
      while (group.idle[0] !== undefined && group.idle[0].idleSinceMs <= before) {
        const member = group.idle.shift();
        if (member !== undefined) end(member);
      }
      if (group.idle.length === 0 && group.busy === 0) groups.delete(group.key);
    }
    if ([...groups.values()].some((group) => group.idle.length > 0)) scheduleSweep();
  }

  async function serve(group: Group, deployment: Deployment, input: InvocationInput): Promise<InvocationResult> {
    const member = takeIdle(group) ?? startMember(group, deployment);
    group.busy += 1;
    try {
      const result = await member.environment.run(input);
      group.busy -= 1;
      putBack(group, member);
      return result;
    } catch (error) {
      group.busy -= 1;
      end(member);
      throw error;
    }
  }

  async function close(drainMs: number): Promise<void> {
    closing = true;
    cancelSweep?.();
    provisioned.close();
    for (const group of [...groups.values()]) retireGroup(group);
    await new Promise<void>((resolve) => {
      onDrained = resolve;
      if (running === 0) resolve();
      else deps.wall.at(deps.wall.now() + drainMs, resolve);
    });
    // What still runs is told that its process was killed.
    for (const member of [...members]) end(member);
    await Promise.all(endings);
  }

  return {
    provisioned,
    async invoke(deployment, rules, input) {
      if (closing) throw errors.stopping();
      running += 1;
      try {
        const result = await admit(deployment, rules, input);
        metrics.served(result);
        return result;
      } catch (error) {
        metrics.refused(error);
        throw error;
      } finally {
        running -= 1;
        if (running === 0) onDrained();
      }
    },
    dropRecursive(functionArn) {
      metrics.recursive();
      recordDropped(deps.recorder, functionArn, clock.now());
      // What AWS tells in the Health Dashboard.
      log.warn('a function runs in a recursive loop with other resources; its invocation was stopped', {
        functionArn, remedy: `if the loop is intended: aws lambda put-function-recursion-config --function-name ${functionArn} --recursive-loop Allow`,
      });
    },
    retire(place, name, version) {
      const key = versionKey(place, name, version);
      for (const group of [...groups.values()]) if (group.version === key) retireGroup(group);
    },
    close,
  };
}

function findColdest(groups: Iterable<Group>): Member | undefined {
  let coldest: Member | undefined;
  for (const { idle } of groups) {
    const [candidate] = idle;
    if (candidate !== undefined && (coldest === undefined || candidate.idleSinceMs < coldest.idleSinceMs)) coldest = candidate;
  }
  return coldest;
}
