import type { Clock } from '../base/clock.ts';
import { assert } from '../base/errors.ts';
import type { Logger } from '../base/log.ts';
import type { Channel, ChannelAnswer, ChannelInit } from './channel/channel.ts';
import { createDeadline } from './deadline.ts';
import { createDeferred } from './deferred.ts';
import { keepAlive } from './keepAlive.ts';
import type { LaunchedProcess } from './launcher/launcher.ts';
import type { LimitGroup } from './limits/limiter.ts';
import type { EnvironmentApi } from './extensions/environmentApi.ts';
import type { ExtensionFailure, ShutdownReason } from './extensions/types.ts';
import { killGraceMs, lastOutputMs, megabytesPerVcpu, shutdownMs } from './limits.ts';
import type { FunctionOutput } from './output/functionOutput.ts';
import type { RawPipe } from './output/rawPipe.ts';
import { createRest } from './rest.ts';
import type { Environment, EnvironmentSpec, InitOutcome, InvocationOutcome, InvocationRequest, ProcessExit } from './types.ts';

export interface EnvironmentParts {
  readonly spec: EnvironmentSpec;
  readonly launched: LaunchedProcess;
  readonly channel: Channel;
  /** What extensions speak to. */
  readonly api: EnvironmentApi;
  readonly group: LimitGroup;
  readonly output: FunctionOutput;
  readonly pipes: readonly RawPipe[];
  readonly wall: Clock;
  readonly log: Logger;
  readonly started: StartTime;
  /** Gives back everything that the environment held. Runs once, after the tree is gone. */
  readonly cleanUp: () => Promise<void>;
}

/** By the clock, for the deadline; and with fractions of a millisecond, for the duration. */
export interface StartTime {
  readonly atMs: number;
  readonly monotonicMs: number;
}

/** The life of one process tree: initialise, answer requests one at a time, end for whatever reason and leave nothing behind. */
export function createEnvironment(parts: EnvironmentParts): Environment {
  const { spec, launched, channel, api, group, output, pipes, wall, log } = parts;
  /** Settles as soon as the tree and its last output are known; cleaning up comes after. */
  const ended = watchEnd(parts);
  const rest = createRest({ freezer: group.freezer, wall, isEnding: () => channel.announcedExit !== undefined });
  /** Settles what waits for an answer, when something else comes first. */
  let interrupt: ((interruption: Interruption) => void) | undefined;
  const deadline = createDeadline(wall, () => interrupt?.({ kind: 'deadline' }));
  let end: Interruption | undefined;
  let isGone = false;
  void api.failed.then((failure) => {
    end ??= { kind: 'failed', failure }; // Also between two invocations: the next one is told.
    interrupt?.(end);
  });
  void ended.then((exit) => {
    isGone = true;
    rest.end();
    deadline.close();
    if (end?.kind !== 'failed') end = { kind: 'ended', exit };
    interrupt?.(end);
  });
  let peakBytes = 0;
  let [isBusy, isReady] = [false, false];
  let turn = 0;

  const raise = (bytes: number): number => (peakBytes = Math.max(peakBytes, bytes));

  function readPeak(): number | Promise<number> {
    try {
      const bytes = group.memoryPeakBytes();
      // Two readers may overlap, so the maximum is taken after the wait.
      return typeof bytes === 'number' ? raise(bytes) : bytes.then(raise, () => peakBytes);
    } catch {
      return peakBytes; // The group is removed already.
    }
  }

  const exited = ended.then(async (exit) => {
    const release = keepAlive();
    await readPeak();
    await parts.cleanUp().catch((error: unknown) => {
      log.error('environment could not be cleaned up, the next start will', { environmentId: spec.environmentId, error: String(error) });
    });
    release();
    return exit;
  });

  /** What comes first: an answer, the end of the process, or the deadline. */
  function firstOf<T>(value: Promise<T>, deadlineMs: number): Promise<Raced<T>> {
    return new Promise((resolve) => {
      const settle = (raced: Raced<T>): void => {
        interrupt = undefined;
        deadline.clear();
        resolve(raced);
      };
      if (end) return settle(end);
      interrupt = settle;
      deadline.set(deadlineMs);
      void value.then((result) => {
        if (interrupt === settle) settle({ kind: 'value', value: result });
      });
    });
  }

  let ending: Promise<void> | undefined;

  /** Extensions hear of the end first, and get a little time for it ("Shutdown phase"). */
  function shutDown(reason: ShutdownReason): Promise<void> {
    ending ??= (async () => {
      if (api.hasExternal && !isGone) {
        rest.interrupt();
        rest.end();
        await sayGoodBye(reason, parts, ended);
      }
      await kill();
    })();
    return ending;
  }

  async function kill(): Promise<void> {
    launched.kill();
    rest.end();
    // Dying is work (memory is given back page by page), and a small share of a processor would stretch it over seconds.
    group.setCpu(undefined).catch(() => undefined);
    // A launcher that does not follow its tree is not waited for.
    const cancel = wall.at(wall.now() + killGraceMs, () => launched.child.kill('SIGKILL'));
    await ended;
    cancel();
  }

  /**
   * Hands on what was printed before an answer that has just come. The two travel on different descriptors and the answer may be
   * seen first; but what was written earlier is ready earlier, so by the end of this turn of the event loop it has been read. Only
   * a pipe that is not being read has to be asked.
   */
  function settleOutput(): Promise<void> {
    return new Promise((resolve) => {
      setImmediate(() => {
        for (const pipe of pipes) pipe.drainPaused();
        output.flush();
        resolve();
      });
    });
  }

  /** Whoever waits for the outcome does not wait for extensions to say good-bye. */
  async function endWith(reason: ShutdownReason): Promise<void> {
    const over = shutDown(reason);
    if (!api.hasExternal) await over;
  }

  const init = (async (): Promise<InitOutcome> => {
    const result = await firstOf(untilReady(parts), parts.started.atMs + spec.initTimeoutMs);
    const durationMs = Math.min(spec.initTimeoutMs, performance.now() - parts.started.monotonicMs);
    if (result.kind === 'deadline') {
      await endWith('timeout');
      return { kind: 'timeout', durationMs };
    }
    if (result.kind === 'failed') {
      await endWith('failure');
      return { kind: 'extension-failed', ...result.failure, durationMs };
    }
    if (result.kind === 'ended') return { kind: 'exited', exit: result.exit, durationMs };
    await settleOutput();
    if (result.value.kind === 'init-error') return { ...result.value, durationMs };
    isReady = true;
    // Full speed ends with initialisation, as on AWS.
    restWhenDone();
    await group.setCpu(spec.memoryMegabytes / megabytesPerVcpu).catch((error: unknown) => log.warn('cpu limit not set', { error: String(error) }));
    return { kind: 'ready', durationMs };
  })();

  /** Not while an extension works: it does so after the answer, too. */
  function restWhenDone(): void {
    if (!api.isUsed) return rest.allow();
    const mine = (turn += 1);
    void api.settled().then(() => {
      if (turn === mine && !isBusy) rest.allow();
    });
  }

  return {
    environmentId: spec.environmentId,
    init,
    exited,
    async invoke(request) {
      assert(isReady && !isBusy, 'an environment serves one request at a time, after its initialisation', { environmentId: spec.environmentId });
      isBusy = true;
      rest.interrupt();
      try {
        const result = await firstOf<ChannelAnswer>(answerTo(parts, request), request.deadlineMs);
        if (result.kind === 'deadline') {
          await endWith('timeout');
          return { kind: 'timeout' };
        }
        if (result.kind === 'failed') {
          await endWith('failure');
          return { kind: 'extension-failed', ...result.failure };
        }
        if (result.kind === 'ended') return { kind: 'exited', exit: result.exit } satisfies InvocationOutcome;
        await settleOutput();
        if (result.value.kind === 'response-too-large') await kill();
        restWhenDone();
        return result.value;
      } finally {
        isBusy = false;
      }
    },
    memoryPeakBytes: readPeak,
    tell: (make) => api.tell(make),
    async kill(reason = 'spindown') {
      await shutDown(reason);
      await exited;
    },
  };
}

/** Tells extensions of the end, and gives them a little time for it ("Shutdown phase"). */
async function sayGoodBye(reason: ShutdownReason, { api, wall }: EnvironmentParts, ended: Promise<unknown>): Promise<void> {
  const deadlineMs = wall.now() + shutdownMs;
  const over = createDeferred<void>();
  const cancel = wall.at(deadlineMs, () => over.resolve());
  await Promise.race([api.shutdown(reason, deadlineMs), over.promise, ended]);
  cancel();
}

/** The runtime has loaded the function, and every extension has said that it is ready. */
async function untilReady({ channel, api }: EnvironmentParts): Promise<ChannelInit> {
  const result = await channel.init;
  if (result.kind === 'ready') await api.ready();
  return result;
}

/** Extensions that are still busy with the last invocation are waited for, in the time of this one. */
async function answerTo({ channel, api }: EnvironmentParts, request: InvocationRequest): Promise<ChannelAnswer> {
  if (api.isUsed) {
    await api.idle();
    api.invoke(request);
  }
  return channel.invoke(request);
}

/** Resolves when the tree is gone and what it last printed has been handed on. */
async function watchEnd({ launched, channel, pipes, output, group, wall }: EnvironmentParts): Promise<ProcessExit> {
  const end = createDeferred<{ code: number | null; signal: NodeJS.Signals | null }>();
  if (launched.child.exitCode !== null || launched.child.signalCode !== null) {
    end.resolve({ code: launched.child.exitCode, signal: launched.child.signalCode });
  }
  launched.child.once('exit', (code, signal) => end.resolve({ code, signal }));
  launched.child.once('error', () => end.resolve({ code: null, signal: null }));
  const { code, signal } = await end.promise;
  const release = keepAlive();
  const read = launched.readExit(code, signal);
  const exit = channel.announcedExit !== undefined && channel.announcedExit === code ? { code, signal: undefined } : read;
  // Back-pressure has no one left to hold back, and what is in the pipes is bounded.
  channel.resume();
  for (const pipe of pipes) pipe.resume();
  const limit = createDeferred<void>();
  const cancel = wall.at(wall.now() + lastOutputMs, () => limit.resolve());
  await Promise.race([Promise.all([channel.drained, ...pipes.map((pipe) => pipe.drained)]), limit.promise]);
  cancel();
  channel.close();
  for (const pipe of pipes) pipe.close();
  output.flush();
  output.close();
  const outOfMemory = exit.signal === 'SIGKILL' && (await group.isOutOfMemory().catch(() => false));
  const isLost = exit.signal === 'SIGKILL' && !outOfMemory && (await launched.wasLost());
  release();
  return { ...exit, outOfMemory, ...(isLost ? { isLost } : {}) };
}

type Interruption = { readonly kind: 'ended'; readonly exit: ProcessExit } | { readonly kind: 'deadline' } | { readonly kind: 'failed'; readonly failure: ExtensionFailure };
type Raced<T> = { readonly kind: 'value'; readonly value: T } | Interruption;
