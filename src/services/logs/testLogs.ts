import { ServiceError } from '../../base/errors.ts';
import { createFakeClock } from '../../base/clock.ts';
import type { MovableClock } from '../../base/clock.ts';
import { silentLogger } from '../../base/log.ts';
import { createSeededRandom } from '../../base/random.ts';
import type { Random } from '../../base/random.ts';
import type { AccessRequest, Call } from '../../framework/context.ts';
import type { Input, OperationName, Output } from '../../framework/shapes.ts';
import { testCall } from '../../framework/testing/testCall.ts';
import { openMemoryStore } from '../../kv/drivers/memory/openMemoryStore.ts';
import type { Store } from '../../kv/store.ts';
import { weakMode } from '../../kv/weakMode.ts';
import { createExporting } from './exporting.ts';
import type { Exporting } from './exporting.ts';
import type { ServiceObjects } from '../../ports/serviceObjects.ts';
import { createFollowing } from './following.ts';
import type { Following } from './following.ts';
import { createLiveTails } from './liveTails.ts';
import type { FunctionAccess } from '../../ports/functionAccess.ts';
import type { MetricDatum } from '../../ports/metrics.ts';
import type { Emitter, Envelope, EnvelopeDraft } from '../../ports/outbox.ts';
import type { LiveTails } from './liveTails.ts';
import { createQueries } from './queries.ts';
import type { Queries, TaskRunner } from './queries.ts';
import { run as runRows } from './insights/rowTask.ts';
import { createTimers } from '../../kv/timers.ts';
import type { Timers } from '../../kv/timers.ts';
import { logs } from './service.ts';

type Client = typeof import('@aws-sdk/client-cloudwatch-logs');

export interface TestLogs {
  readonly store: Store;
  readonly clock: MovableClock;
  readonly random: Random;
  /** Stands still as well, apart from the clock of the product. */
  readonly wall: MovableClock;
  readonly liveTails: LiveTails;
  readonly following: Following;
  readonly queries: Queries;
  readonly exporting: Exporting;
  openExporting(): Exporting;
  /** What has been put into buckets: `bucket/key`. */
  readonly written: Map<string, Uint8Array>;
  /** Which buckets are there, and what they let the service do. */
  readonly buckets: Map<string, readonly string[]>;
  /** As another process would have them. */
  openQueries(tasks?: TaskRunner): Queries;
  readonly timers: Timers;
  /** What has been recorded: name, dimensions and value. */
  readonly recorded: MetricDatum[];
  readonly emitter: Emitter;
  /** Delivers what has been told to the service itself; answers what it has told to others since the last time. */
  forward(): Promise<EnvelopeDraft[]>;
  /** Functions that let the service in. */
  readonly functions: Set<string>;
  /** Runs an operation as the handler chain does after its checks: access first, then the handler. */
  run<Name extends OperationName<Client> & string>(name: Name, input: Input<Client, Name>): Promise<Output<Client, Name>>;
  /** What the operation needs permission for. */
  access<Name extends OperationName<Client> & string>(name: Name, input: Input<Client, Name>): Promise<readonly AccessRequest[]>;
}

/**
 * For tests: the service on a store in memory that keeps only what the seam promises, with a clock that stands still. Tests
 * with much data take `weak: false`.
 */
export function createTestLogs({ weak = true } = {}): TestLogs {
  const clock = createFakeClock();
  const random = createSeededRandom(1);
  const plain = openMemoryStore({ clock, random });
  const store = weak ? weakMode(plain, createSeededRandom(2)) : plain;
  const wall = createFakeClock();
  const liveTails = createLiveTails({ store, clock, wall, random, log: silentLogger });
  const recorded: MetricDatum[] = [];
  const allowed = new Set<string>();
  const functions: FunctionAccess = { mayInvoke: async ({ functionArn }) => (allowed.has(functionArn) ? { kind: 'allowed' } : { kind: 'no-such-function' }) };
  const recorder = { record: (datum: MetricDatum) => void recorded.push(datum), series: () => ({ record: () => undefined }) };
  const emitted: EnvelopeDraft[] = [];
  const emitter: Emitter = {
    emit(tx, draft) {
      tx.afterCommit(() => emitted.push(draft));
      return '';
    },
  };
  const following = createFollowing({ store, clock, log: silentLogger, emitter, functions, recorder });
  const inline: TaskRunner = { runTask: async (_module, task) => runRows(task as never) as never };
  const openQueries = (tasks = inline): Queries => createQueries({ store, clock, wall, log: silentLogger, tasks });
  const queries = openQueries();
  const timers = createTimers({ store, clock, wall, log: silentLogger });
  const written = new Map<string, Uint8Array>();
  const buckets = new Map<string, readonly string[]>();
  const objects: ServiceObjects = {
    async may({ bucket, action }) {
      const allowed = buckets.get(bucket);
      if (!allowed) return { kind: 'absent' };
      return allowed.includes(action) ? { kind: 'allowed', region: 'us-east-1' } : { kind: 'denied', remedy: '' };
    },
    async put({ bucket, key, body }) {
      const verdict = await objects.may({ bucket, action: 's3:PutObject', services: [], sourceArn: '', sourceAccount: '', region: '' });
      if (verdict.kind === 'allowed') written.set(`${bucket}/${key}`, body);
      return verdict;
    },
  };
  const openExporting = (): Exporting => createExporting({ store, clock, log: silentLogger, objects });
  const exporting = openExporting();
  const service = logs.bind({ store, clock, wall, random, liveTails, following, functions, queries, timers, exporting, objects });
  const call = (): Call => testCall({ nowMs: clock.now() });
  const find = (name: string) => {
    const operation = service.find(name);
    if (!operation) throw new ServiceError('UnknownOperationException', name);
    return operation;
  };
  const access = async (name: string, input: object): Promise<readonly AccessRequest[]> => {
    const { access: asked } = find(name);
    if (asked === 'public') return [];
    const requests = await asked(input, call());
    return Array.isArray(requests) ? (requests as readonly AccessRequest[]) : [requests as AccessRequest];
  };
  return {
    store,
    clock,
    random,
    wall,
    liveTails,
    following,
    queries,
    exporting,
    openExporting,
    written,
    buckets,
    openQueries,
    timers,
    emitter,
    async forward() {
      const told: EnvelopeDraft[] = [];
      for (let draft = emitted.shift(); draft; draft = emitted.shift()) {
        const target = following.eventTarget(draft.target);
        if (!target) told.push(draft);
        else await target.deliver({ ...draft, id: '', createdAtMs: clock.now(), attempts: 0 } as Envelope, { acknowledge: async () => true, signal: new AbortController().signal });
      }
      return told;
    },
    recorded,
    functions: allowed,
    async run(name, input) {
      await access(name, input as object);
      return (await find(name).handle(input as object, call())) as never;
    },
    access: (name, input) => access(name, input as object),
  };
}
