// Environments that are initialised before anybody asks for them, kept for one version or alias: provisioned concurrency.
// https://docs.aws.amazon.com/lambda/latest/dg/provisioned-concurrency.html
import type { Clock } from '../../../base/clock.ts';
import type { Logger } from '../../../base/log.ts';
import type { Place } from '../domain/functionName.ts';
import { provisionedRetryMs, provisionedStartsAtOnceMax, provisionedStartsFailedMax, provisionedSweepMs } from '../limits.ts';
import type { Deployment } from './deployment.ts';
import type { ExecutionEnvironment } from './executionEnvironment.ts';

/** What is to be kept ready. */
export interface ProvisionedSetting extends Place {
  readonly name: string;
  /** The version or alias that it was set for. */
  readonly qualifier: string;
  readonly count: number;
  /** Another one whenever its user asked again. */
  readonly revision: number;
  readonly deployment: Deployment;
}

export interface ProvisionedStatus {
  /** Started, ready or not. */
  readonly allocated: number;
  readonly available: number;
  readonly busy: number;
  readonly status: 'IN_PROGRESS' | 'READY' | 'FAILED';
  readonly reason?: string;
}

/** An environment that was taken to run one invocation. */
export interface Taken {
  readonly environment: ExecutionEnvironment;
  /** `broken` when it can serve no more. */
  giveBack(broken: boolean): void;
}

export interface Provisioned {
  /** Makes what is kept ready what is wanted, in the background. */
  keep(setting: ProvisionedSetting): void;
  /** Ends what nobody wants any more: everything that is not named. */
  keepOnly(keys: ReadonlySet<string>): void;
  /** Undefined while this setting has not been looked at. */
  status(key: string, setting: Pick<ProvisionedSetting, 'revision'>): ProvisionedStatus | undefined;
  /** A ready environment of the alias, or else of the version; undefined when all are busy or there are none. */
  take(deployment: Deployment, qualifier: string | undefined): Taken | undefined;
  /** What is kept for the version that an invocation runs, whether it was set for the alias or for the version. */
  statusFor(deployment: Deployment, qualifier: string | undefined): ProvisionedStatus | undefined;
  /** The greatest part that was busy at one time, within the minute that begins then; undefined when nothing was invoked. */
  peakUtilisation(key: string, minuteMs: number): number | undefined;
  close(): void;
}

export interface ProvisionedDeps {
  readonly clock: Clock;
  readonly wall: Clock;
  readonly log: Logger;
  /** Undefined when the host is full. */
  readonly create: (deployment: Deployment) => ExecutionEnvironment | undefined;
  readonly end: (environment: ExecutionEnvironment) => void;
}

export const provisionedKey = ({ account, region }: Place, name: string, qualifier: string): string => `${account}/${region}/${name}/${qualifier}`;

interface Member {
  readonly environment: ExecutionEnvironment;
  state: 'starting' | 'idle' | 'busy';
  /** Its credentials are past their half: it serves until another has taken its place. */
  stale: boolean;
}

interface Pool {
  readonly key: string;
  setting: ProvisionedSetting;
  readonly members: Set<Member>;
  ended: boolean;
  failures: number;
  failure: string | undefined;
  cancelRetry: () => void;
  /** By the minute they belong to; the last few. */
  readonly peaks: Map<number, number>;
}

export function createProvisioned({ clock, wall, log, create, end }: ProvisionedDeps): Provisioned {
  const pools = new Map<string, Pool>();
  let starting = 0;
  let closed = false;
  let cancelSweep: (() => void) | undefined;

  function tendAll(): void {
    for (const pool of pools.values()) tend(pool);
  }

  function tend(pool: Pool): void {
    if (closed || pool.ended) return;
    endSurplus(pool);
    while (pool.failure === undefined && freshOf(pool) < pool.setting.count && starting < provisionedStartsAtOnceMax) {
      const environment = create(pool.setting.deployment);
      if (environment === undefined) {
        fail(pool, 'The host holds as many execution environments as it may.');
        return;
      }
      const member: Member = { environment, state: 'starting', stale: false };
      pool.members.add(member);
      environment.onLost(() => remove(pool, member));
      starting += 1;
      void start(pool, member);
    }
  }

  async function start(pool: Pool, member: Member): Promise<void> {
    let failed = false;
    try {
      failed = !(await member.environment.initialise());
    } catch (error) {
      failed = true;
      // One that is ended meanwhile has nothing to say.
      if (pool.members.has(member)) log.warn('an environment of provisioned concurrency could not be started', { pool: pool.key, error: String(error) });
    }
    starting -= 1;
    const kept = pool.members.has(member);
    if (failed && kept) {
      drop(pool, member);
      pool.failures += 1;
      // API reference: StatusReason; this one is what AWS says of code that fails in its init phase.
      if (pool.failures >= provisionedStartsFailedMax) fail(pool, 'FUNCTION_ERROR_INIT_FAILURE');
    } else if (kept) {
      member.state = 'idle';
      pool.failures = 0;
      planSweep();
    }
    tendAll();
  }

  function fail(pool: Pool, reason: string): void {
    pool.failure = reason;
    pool.cancelRetry = wall.at(wall.now() + provisionedRetryMs, () => {
      pool.failure = undefined;
      tend(pool);
    });
  }

  function remove(pool: Pool, member: Member): void {
    if (member.state === 'starting') return;
    drop(pool, member);
    tend(pool);
  }

  function drop(pool: Pool, member: Member): void {
    if (pool.members.delete(member)) end(member.environment);
  }

  /** The stale first, once others are ready in their place; then what is more than wanted. */
  function endSurplus(pool: Pool): void {
    const { count } = pool.setting;
    const idle = [...pool.members].filter((member) => member.state === 'idle');
    let ready = [...pool.members].filter((member) => member.state !== 'starting').length;
    for (const member of idle.sort((a, b) => Number(b.stale) - Number(a.stale))) {
      if (ready <= count) return;
      drop(pool, member);
      ready -= 1;
    }
  }

  function endPool(pool: Pool): void {
    pool.ended = true;
    pool.cancelRetry();
    if (pools.get(pool.key) === pool) pools.delete(pool.key);
    // What runs ends when it is given back.
    for (const member of [...pool.members]) if (member.state !== 'busy') drop(pool, member);
  }

  function planSweep(): void {
    if (cancelSweep !== undefined || closed) return;
    cancelSweep = wall.at(wall.now() + provisionedSweepMs, () => {
      cancelSweep = undefined;
      for (const pool of pools.values()) {
        for (const member of pool.members) if (member.state !== 'starting' && !member.environment.isFresh()) member.stale = true;
        tend(pool);
      }
      if (pools.size > 0) planSweep();
    });
  }

  function poolsFor({ place, name, row }: Deployment, qualifier: string | undefined): readonly Pool[] {
    if (pools.size === 0) return none;
    return [...new Set([qualifier ?? row.version, row.version])]
      .map((one) => pools.get(provisionedKey(place, name, one)))
      .filter((pool): pool is Pool => pool?.setting.deployment.row.deploymentId === row.deploymentId);
  }

  function takeFrom(pool: Pool): Taken | undefined {
    for (const member of pool.members) {
      if (member.state !== 'idle' || !member.environment.isUsable() || !member.environment.isReady()) continue;
      member.state = 'busy';
      notePeak(pool);
      return { environment: member.environment, giveBack: (broken) => giveBack(pool, member, broken) };
    }
    return undefined;
  }

  function notePeak(pool: Pool): void {
    const { busy, allocated } = statusOf(pool);
    const minuteMs = Math.floor(clock.now() / 60_000) * 60_000;
    pool.peaks.set(minuteMs, Math.max(pool.peaks.get(minuteMs) ?? 0, allocated === 0 ? 0 : busy / allocated));
    for (const known of pool.peaks.keys()) if (known < minuteMs - 10 * 60_000) pool.peaks.delete(known);
  }

  function giveBack(pool: Pool, member: Member, broken: boolean): void {
    if (broken || pool.ended || closed || !member.environment.isReady()) drop(pool, member);
    else member.state = 'idle';
    tend(pool);
  }

  return {
    keep(setting) {
      if (closed) return;
      const key = provisionedKey(setting, setting.name, setting.qualifier);
      let pool = pools.get(key);
      if (pool !== undefined && pool.setting.deployment.row.deploymentId !== setting.deployment.row.deploymentId) {
        endPool(pool);
        pool = undefined;
      }
      if (pool === undefined) {
        pool = { key, setting, members: new Set(), ended: false, failures: 0, failure: undefined, cancelRetry: () => undefined, peaks: new Map() };
        pools.set(key, pool);
      } else if (pool.setting.revision !== setting.revision) {
        pool.cancelRetry();
        pool.failure = undefined;
        pool.failures = 0;
      }
      pool.setting = setting;
      tend(pool);
    },
    keepOnly(keys) {
      for (const pool of [...pools.values()]) if (!keys.has(pool.key)) endPool(pool);
    },
    status(key, { revision }) {
      const pool = pools.get(key);
      return pool?.setting.revision === revision ? statusOf(pool) : undefined;
    },
    take: (deployment, qualifier) => {
      for (const pool of poolsFor(deployment, qualifier)) {
        const taken = takeFrom(pool);
        if (taken !== undefined) return taken;
      }
      return undefined;
    },
    statusFor(deployment, qualifier) {
      const [pool] = poolsFor(deployment, qualifier);
      return pool && statusOf(pool);
    },
    peakUtilisation(key, minuteMs) {
      const pool = pools.get(key);
      if (pool === undefined) return undefined;
      // What runs on over the end of a minute is in the next one, too.
      const { busy, allocated } = statusOf(pool);
      return pool.peaks.get(minuteMs) ?? (busy > 0 && allocated > 0 ? busy / allocated : undefined);
    },
    close() {
      closed = true;
      cancelSweep?.();
      for (const pool of [...pools.values()]) endPool(pool);
    },
  };
}

const none: readonly Pool[] = [];

const freshOf = ({ members }: Pool): number => [...members].filter(({ stale }) => !stale).length;

function statusOf({ members, setting, failure }: Pool): ProvisionedStatus {
  const counted = [...members];
  const ready = counted.filter(({ state }) => state !== 'starting').length;
  const available = Math.min(setting.count, ready);
  const counts = { allocated: Math.min(setting.count, counted.length), available, busy: counted.filter(({ state }) => state === 'busy').length };
  if (available >= setting.count) return { ...counts, status: 'READY' };
  return failure === undefined ? { ...counts, status: 'IN_PROGRESS' } : { ...counts, status: 'FAILED', reason: failure };
}
