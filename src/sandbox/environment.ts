import type { Clock } from '../base/clock.ts';
import { assert } from '../base/errors.ts';
import type { Logger } from '../base/log.ts';
import type { Channel, ChannelAnswer } from './channel/channel.ts';
import { createDeferred } from './deferred.ts';
import { keepAlive } from './keepAlive.ts';
import type { LaunchedProcess } from './launcher/launcher.ts';
import type { LimitGroup } from './limits/limiter.ts';
import { killGraceMs, lastOutputMs, megabytesPerVcpu } from './limits.ts';
import type { FunctionOutput } from './output/functionOutput.ts';
import type { RawPipe } from './output/rawPipe.ts';
import { createRest } from './rest.ts';
import type { Environment, EnvironmentSpec, InitOutcome, InvocationOutcome, ProcessExit } from './types.ts';

export interface EnvironmentParts {
  readonly spec: EnvironmentSpec;
  readonly launched: LaunchedProcess;
  readonly channel: Channel;
  readonly group: LimitGroup;
  readonly output: FunctionOutput;
  readonly pipes: readonly RawPipe[];
  readonly wall: Clock;
  readonly log: Logger;
  readonly startedAtMs: number;
  /** Gives back everything that the environment held. Runs once, after the tree is gone. */
  readonly cleanUp: () => Promise<void>;
}

/** The life of one process tree: initialise, answer requests one at a time, end for whatever reason and leave nothing behind. */
export function createEnvironment(parts: EnvironmentParts): Environment {
  const { spec, launched, channel, group, output, pipes, wall, log } = parts;
  /** Settles as soon as the tree and its last output are known; cleaning up comes after. */
  const ended = watchEnd(parts);
  const rest = createRest({ freezer: group.freezer, wall, isEnding: () => channel.announcedExit !== undefined });
  void ended.then(() => rest.end());
  let peakBytes = 0;
  let isBusy = false;
  let isReady = false;

  /** A group that is removed already reads as 0; two readers may overlap, so the maximum is taken after the wait. */
  async function readPeak(): Promise<void> {
    const bytes = await group.memoryPeakBytes().catch(() => 0);
    peakBytes = Math.max(peakBytes, bytes);
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

  function settleOutput(): void {
    for (const pipe of pipes) pipe.drain();
    output.flush();
  }

  const init = (async (): Promise<InitOutcome> => {
    const result = await firstOf(channel.init, ended, wall, parts.startedAtMs + spec.initTimeoutMs);
    const durationMs = Math.max(0, wall.now() - parts.startedAtMs);
    if (result.kind === 'deadline') {
      await kill();
      return { kind: 'timeout', durationMs };
    }
    if (result.kind === 'ended') return { kind: 'exited', exit: result.exit, durationMs };
    settleOutput();
    if (result.value.kind === 'init-error') return { ...result.value, durationMs };
    isReady = true;
    // Full speed ends with initialisation, as on AWS.
    rest.allow();
    await group.setCpu(spec.memoryMegabytes / megabytesPerVcpu).catch((error: unknown) => log.warn('cpu limit not set', { error: String(error) }));
    return { kind: 'ready', durationMs };
  })();

  return {
    environmentId: spec.environmentId,
    init,
    exited,
    async invoke(request) {
      assert(isReady && !isBusy, 'an environment serves one request at a time, after its initialisation', { environmentId: spec.environmentId });
      isBusy = true;
      rest.interrupt();
      try {
        const result = await firstOf<ChannelAnswer>(channel.invoke(request), ended, wall, request.deadlineMs);
        if (result.kind === 'deadline') {
          await kill();
          return { kind: 'timeout' };
        }
        if (result.kind === 'ended') return { kind: 'exited', exit: result.exit } satisfies InvocationOutcome;
        settleOutput();
        if (result.value.kind === 'response-too-large') await kill();
        rest.allow();
        return result.value;
      } finally {
        isBusy = false;
      }
    },
    async memoryPeakBytes() {
      await readPeak();
      return peakBytes;
    },
    async kill() {
      await kill();
      await exited;
    },
  };
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
  release();
  return { ...exit, outOfMemory };
}

type Raced<T> =
  | { readonly kind: 'value'; readonly value: T }
  | { readonly kind: 'ended'; readonly exit: ProcessExit }
  | { readonly kind: 'deadline' };

/** What comes first: an answer, the end of the process, or the deadline. */
async function firstOf<T>(value: Promise<T>, ended: Promise<ProcessExit>, wall: Clock, deadlineMs: number): Promise<Raced<T>> {
  const deadline = createDeferred<Raced<T>>();
  const cancel = wall.at(deadlineMs, () => deadline.resolve({ kind: 'deadline' }));
  try {
    return await Promise.race([
      value.then((result): Raced<T> => ({ kind: 'value', value: result })),
      ended.then((exit): Raced<T> => ({ kind: 'ended', exit })),
      deadline.promise,
    ]);
  } finally {
    cancel();
  }
}
