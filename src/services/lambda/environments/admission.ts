// Who may run now: the concurrency of an account and region, what functions have taken of it for themselves, and how fast requests and
// environments may come. https://docs.aws.amazon.com/lambda/latest/dg/lambda-concurrency.html and scaling-behavior.html
import type { Clock } from '../../../base/clock.ts';
import type { Place } from '../domain/functionName.ts';
import { errors } from '../errors.ts';
import { environmentStartsAtOnceMax, environmentStartsPerSecond, requestsPerSecondEach, unreservedConcurrencyMin } from '../limits.ts';

/** How many invocations of a function may run at once, from the rows that say so. */
export interface ConcurrencyRules {
  /** Of this function; undefined when it shares what others leave. */
  readonly reserved: number | undefined;
  /** Environments that are provisioned for its versions and aliases; they are part of what it has reserved. */
  readonly provisioned: number;
  /** What functions of the account and region have reserved or provisioned, together. */
  readonly taken: number;
  /** Events are only limited by how many run at once (lambda-concurrency.html, "Understanding requests per second"). */
  readonly asynchronous?: boolean;
}

export interface Admission {
  /** Counts an invocation in that needs no more than an environment that is provisioned for it. Answers what counts it out. */
  enterProvisioned(place: Place, name: string, rules: ConcurrencyRules): () => void;
  /** Counts any other in, or throttles it. */
  enter(place: Place, name: string, rules: ConcurrencyRules): () => void;
  /** Counts the start of an environment that an invocation needs, or throttles it. */
  startEnvironment(place: Place, name: string): void;
  /** What runs now. */
  running(place: Place, name: string): { readonly account: number; readonly unreserved: number; readonly function: number };
}

interface PlaceLoad {
  /** On-demand invocations of functions that have reserved nothing. */
  shared: number;
  all: number;
  readonly requests: Bucket;
  readonly functions: Map<string, FunctionLoad>;
}

interface FunctionLoad {
  all: number;
  onDemand: number;
  readonly requests: Bucket;
  readonly starts: Bucket;
}

export function createAdmission({ clock, accountConcurrency }: { readonly clock: Clock; readonly accountConcurrency: number }): Admission {
  const places = new Map<string, PlaceLoad>();

  function placeOf({ account, region }: Place): PlaceLoad {
    const key = `${account}/${region}`;
    let load = places.get(key);
    if (load === undefined) {
      load = { shared: 0, all: 0, requests: fullBucket(clock.now()), functions: new Map() };
      places.set(key, load);
    }
    return load;
  }

  function functionOf(place: PlaceLoad, name: string): FunctionLoad {
    let load = place.functions.get(name);
    if (load === undefined) {
      if (place.functions.size >= rememberedMax) forgetIdle(place.functions, clock.now());
      load = { all: 0, onDemand: 0, requests: fullBucket(clock.now()), starts: fullBucket(clock.now()) };
      place.functions.set(name, load);
    }
    return load;
  }

  function limitRate(place: PlaceLoad, load: FunctionLoad, { reserved, asynchronous }: ConcurrencyRules): void {
    if (asynchronous === true) return;
    const perSecond = requestsPerSecondEach * (reserved ?? accountConcurrency);
    const waitMs = take(reserved === undefined ? place.requests : load.requests, { perSecond, most: perSecond, nowMs: clock.now() });
    if (waitMs === 0) return;
    throw errors.throttled(reserved === undefined ? 'FunctionInvocationRateLimitExceeded' : 'ReservedFunctionInvocationRateLimitExceeded', waitMs);
  }

  function count(place: PlaceLoad, load: FunctionLoad, onDemand: 0 | 1, shared: 0 | 1): () => void {
    place.all += 1;
    place.shared += shared;
    load.all += 1;
    load.onDemand += onDemand;
    return () => {
      place.all -= 1;
      place.shared -= shared;
      load.all -= 1;
      load.onDemand -= onDemand;
    };
  }

  return {
    enterProvisioned(where, name, rules) {
      const place = placeOf(where);
      const load = functionOf(place, name);
      limitRate(place, load, rules);
      return count(place, load, 0, 0);
    },
    enter(where, name, rules) {
      const place = placeOf(where);
      const load = functionOf(place, name);
      const { reserved, provisioned, taken } = rules;
      if (reserved === undefined) {
        const sharedMax = Math.max(Math.min(unreservedConcurrencyMin, accountConcurrency), accountConcurrency - taken);
        if (place.shared >= sharedMax) throw errors.throttled('ConcurrentInvocationLimitExceeded');
      } else if (load.onDemand >= reserved - provisioned) throw errors.throttled('ReservedFunctionConcurrentInvocationLimitExceeded');
      limitRate(place, load, rules);
      return count(place, load, 1, reserved === undefined ? 1 : 0);
    },
    startEnvironment(where, name) {
      const { starts } = functionOf(placeOf(where), name);
      const waitMs = take(starts, { perSecond: environmentStartsPerSecond, most: environmentStartsAtOnceMax, nowMs: clock.now() });
      if (waitMs > 0) throw errors.throttled('ConcurrentInvocationLimitExceeded', waitMs);
    },
    running(where, name) {
      const place = placeOf(where);
      return { account: place.all, unreserved: place.shared, function: place.functions.get(name)?.all ?? 0 };
    },
  };
}

/** Functions whose rates are remembered in one account and region; those that run are never forgotten. */
const rememberedMax = 10_000;
/** After this every bucket is full again. */
const bucketMemoryMs = 10_000;

function forgetIdle(functions: Map<string, FunctionLoad>, nowMs: number): void {
  for (const [name, { all, requests, starts }] of functions) {
    if (all === 0 && Math.max(requests.atMs, starts.atMs) <= nowMs - bucketMemoryMs) functions.delete(name);
  }
}

/** How much of an allowance is used; it comes back with time. */
interface Bucket {
  used: number;
  atMs: number;
}

const fullBucket = (nowMs: number): Bucket => ({ used: 0, atMs: nowMs });

/** Takes one, or answers how long to wait for it. */
function take(bucket: Bucket, { perSecond, most, nowMs }: { readonly perSecond: number; readonly most: number; readonly nowMs: number }): number {
  bucket.used = Math.max(0, bucket.used - ((nowMs - bucket.atMs) * perSecond) / 1_000);
  bucket.atMs = nowMs;
  if (bucket.used + 1 > most) return perSecond === 0 ? 1_000 : ((bucket.used + 1 - most) * 1_000) / perSecond;
  bucket.used += 1;
  return 0;
}
