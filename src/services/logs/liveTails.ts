import type { LiveTailSessionStart, StartLiveTailResponseStream } from '@aws-sdk/client-cloudwatch-logs';
import { delay } from '../../base/clock.ts';
import type { Clock } from '../../base/clock.ts';
import { ServiceError } from '../../base/errors.ts';
import { uuid } from '../../base/ids.ts';
import type { Logger } from '../../base/log.ts';
import type { Random } from '../../base/random.ts';
import { closeTail, openTail } from './arrivals.ts';
import type { Matcher } from './domain/filter-pattern/matcher.ts';
import { createUpdateQueue } from './domain/updateQueue.ts';
import { sessionFailed, sessionTimedOut, tooManyLiveTails } from './errors.ts';
import { tailSessionMsMax, tailSessionsMax, tailUpdateMs } from './limits.ts';
import { createUpdateReader } from './tailReading.ts';
import type { TailCursor } from './tailReading.ts';
import type { Store } from '../../kv/store.ts';
import type { Scope } from '../../kv/table.ts';

export interface LiveTailRequest {
  readonly scope: Scope;
  readonly groups: readonly { readonly name: string; readonly id: string }[];
  readonly wantsStream: (streamName: string) => boolean;
  readonly matcher: Matcher;
  readonly start: LiveTailSessionStart;
  /** Aborts when the client has gone. */
  readonly signal: AbortSignal;
}

/** The sessions that are open in this server. */
export interface LiveTails {
  /** Resolves once nothing that arrives from here on will be missed. */
  open(request: LiveTailRequest): Promise<AsyncIterable<StartLiveTailResponseStream>>;
  /** Ends every session; new ones are refused. */
  end(): void;
  /** Resolves when every session has left the store alone. */
  close(): Promise<void>;
}

export interface LiveTailDeps {
  readonly store: Store;
  /** Product time: how long a session may last. */
  readonly clock: Clock;
  /** Real time: when the next update is due. */
  readonly wall: Clock;
  readonly random: Random;
  readonly log: Logger;
}

interface Session {
  readonly scope: Scope;
  readonly done: Promise<void>;
  end(): void;
}

export function createLiveTails(deps: LiveTailDeps): LiveTails {
  const sessions = new Set<Session>();
  let closed = false;
  const countOf = ({ account, region }: Scope): number => [...sessions].filter(({ scope }) => scope.account === account && scope.region === region).length;
  const end = (): void => {
    closed = true;
    for (const session of sessions) session.end();
  };
  return {
    async open(request) {
      if (closed || countOf(request.scope) >= tailSessionsMax) throw tooManyLiveTails();
      const { session, opened } = startSession(request, deps);
      sessions.add(session);
      void session.done.finally(() => sessions.delete(session));
      return opened;
    },
    end,
    async close() {
      end();
      await Promise.all([...sessions].map(({ done }) => done));
    },
  };
}

type Events = AsyncIterable<StartLiveTailResponseStream>;

/** One session: a producer that adds an update every second, whether or not the client takes them, and the client's end of the queue. */
function startSession(request: LiveTailRequest, deps: LiveTailDeps): { readonly session: Session; readonly opened: Promise<Events> } {
  const { store, clock, wall, random, log } = deps;
  const { scope, groups, signal } = request;
  const id = uuid(random);
  const deadlineMs = clock.now() + tailSessionMsMax;
  const queue = createUpdateQueue();
  const stopping = new AbortController();
  const end = (): void => {
    stopping.abort();
    // Also when the client went away before the first byte of the answer, and nobody will ever read the events.
    queue.end();
  };
  if (signal.aborted) end();
  signal.addEventListener('abort', end, { once: true });

  async function listen(): Promise<TailCursor[]> {
    const cursors: TailCursor[] = [];
    for (const { name, id: groupId } of groups) {
      cursors.push({ name, scope, groupId, after: await openTail(store, { scope, groupId }, id, wall.now()) });
    }
    return cursors;
  }

  async function produce(opening: Promise<TailCursor[]>): Promise<void> {
    const readUpdate = createUpdateReader(store, await opening, request);
    for (let dueMs = wall.now(); ; ) {
      dueMs = Math.max(dueMs + tailUpdateMs, wall.now());
      await delay(wall, dueMs - wall.now(), stopping.signal);
      if (clock.now() >= deadlineMs) throw sessionTimedOut();
      queue.add(await readUpdate());
    }
  }

  async function run(opening: Promise<TailCursor[]>): Promise<void> {
    try {
      await produce(opening);
    } catch (error) {
      if (!stopping.signal.aborted && !(error instanceof ServiceError)) log.error('a live tail failed', { sessionId: id, error: String(error) });
      queue.end(error instanceof ServiceError ? error : sessionFailed());
    }
    signal.removeEventListener('abort', end);
    for (const { id: groupId } of groups) {
      await closeTail(store, { scope, groupId }, id).catch((error: unknown) => {
        log.warn('a live tail was not signed off; it will be forgotten by its age', { sessionId: id, error: String(error) });
      });
    }
  }

  async function* events(): AsyncGenerator<StartLiveTailResponseStream, void> {
    try {
      yield { sessionStart: { ...request.start, sessionId: id } };
      for (let update = await queue.next(); update; update = await queue.next()) yield { sessionUpdate: update };
    } finally {
      end();
    }
  }

  const opening = listen();
  const done = run(opening);
  return { session: { scope, done, end }, opened: opening.then(events) };
}
