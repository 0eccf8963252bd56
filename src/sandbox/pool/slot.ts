// A slot: a complete, confined environment whose interpreter waits to be told which function it is. It serves one function and
// ends with it; it never returns.
import { readSync } from 'node:fs';
import { mkdir, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { Clock } from '../../base/clock.ts';
import { openFramedChannel } from '../channel/framedChannel.ts';
import type { FramedChannel } from '../channel/framedChannel.ts';
import { commandOf, packagesOf } from '../command.ts';
import { createDeferred } from '../deferred.ts';
import type { LaunchedProcess, Launcher } from '../launcher/launcher.ts';
import type { Limiter, LimitGroup } from '../limits/limiter.ts';
import { isFramed } from '../interpreters.ts';
import { closeQuietly } from '../output/rawPipe.ts';
import { processesMax, secretsExtensionPort, slotBootMs, slotMemoryBytes, slotTemporaryMegabytes } from '../limits.ts';
import type { SlotKind } from './slotKind.ts';

export interface Slot {
  readonly kind: SlotKind;
  readonly folder: string;
  readonly launched: LaunchedProcess;
  readonly group: LimitGroup;
  /** Absent where the Runtime API is spoken. */
  readonly channel: FramedChannel | undefined;
  readonly isAlive: boolean;
  /** Resolves when its tree is gone. */
  readonly ended: Promise<void>;
  /** Ends it and gives back what it held. Only for a slot that nobody has taken. */
  discard(): Promise<void>;
}

export interface BootOptions {
  readonly kind: SlotKind;
  /** Unique among environments and slots. */
  readonly id: string;
  /** Made here, gone when the slot is. */
  readonly folder: string;
  /** Our bootstraps. */
  readonly runtimeFolder: string;
  readonly launcher: Launcher;
  readonly limiter: Limiter;
  readonly wall: Clock;
}

/** Starts a tree up to the point where only the function is missing. */
export async function bootSlot({ kind, id, folder, runtimeFolder, launcher, limiter, wall }: BootOptions): Promise<Slot> {
  const { interpreter } = kind;
  const framed = isFramed(interpreter);
  await mkdir(folder, { mode: 0o700 });
  const taken: { group?: LimitGroup; launched?: LaunchedProcess } = {};
  const giveBack = async (): Promise<void> => {
    await Promise.allSettled([taken.launched?.release(), taken.group?.remove(), rm(folder, { recursive: true, force: true })]);
  };
  try {
    const group = (taken.group = await limiter.create({ environmentId: id, memoryBytes: slotMemoryBytes, processesMax: processesMax + 2, isBackground: true }));
    const launched = (taken.launched = await launcher.launch({
      environmentId: id, folder, files: undefined, ...(kind.root === undefined ? {} : { root: kind.root }),
      runtimeFolder: `${runtimeFolder}/${interpreter?.family ?? 'custom'}`,
      interpreterPaths: interpreter?.extraPaths ?? [],
      packages: packagesOf(interpreter, kind.sdkFolder),
      command: (placement) => (framed && interpreter ? commandOf(interpreter, placement, { withSite: false }) : []),
      variables: (placement) => ({
        TZ: ':UTC', PATH: `${interpreter ? `${dirname(interpreter.path)}:` : ''}/usr/local/bin:/usr/bin:/bin`,
        LAMBDA_TASK_ROOT: placement.taskFolder, LAMBDA_RUNTIME_DIR: placement.runtimeFolder, ...kind.variables,
      }),
      runsCodeAtOnce: false,
      temporaryMegabytes: slotTemporaryMegabytes,
      joinFiles: group.joinFiles,
      framed,
      startsExtensions: false,
      endpointPort: undefined,
      extensionPort: secretsExtensionPort,
    }));
    group.watch(launched);
    return { kind, ...(await untilWaiting({ launched, group, folder, wall }, giveBack)) };
  } catch (error) {
    if (taken.launched) await endLaunched(taken.launched);
    await giveBack();
    throw error;
  }
}

interface Waiting {
  readonly launched: LaunchedProcess;
  readonly group: LimitGroup;
  readonly folder: string;
  readonly wall: Clock;
}

/** A process that was launched, once its bootstrap has said hello. */
export async function untilWaiting({ launched, group, folder, wall }: Waiting, giveBack: () => Promise<void>): Promise<Omit<Slot, 'kind'>> {
  const ended = endOf(launched);
  const channel = launched.channel && openFramedChannel(launched.channel);
  if (channel) await untilBooted(channel, ended, launched, wall);
  const { child } = launched;
  return {
    folder, launched, group, channel, ended,
    get isAlive() {
      return child.exitCode === null && child.signalCode === null;
    },
    async discard() {
      launched.kill();
      await ended;
      channel?.close();
      void launched.apiServer().then((server) => server?.close(), () => undefined);
      closePipes(launched);
      await giveBack();
    },
  };
}

/** After a boot that failed. */
export async function endLaunched(launched: LaunchedProcess): Promise<void> {
  launched.kill();
  await endOf(launched);
  closePipes(launched);
}

function endOf({ child }: LaunchedProcess): Promise<void> {
  return new Promise((resolve) => {
    if (child.exitCode !== null || child.signalCode !== null) return resolve();
    child.once('exit', () => resolve());
    child.once('error', () => resolve());
  });
}

async function untilBooted(channel: FramedChannel, ended: Promise<void>, launched: LaunchedProcess, wall: Clock): Promise<void> {
  const late = createDeferred<'late'>();
  const cancel = wall.at(wall.now() + slotBootMs, () => late.resolve('late'));
  const first = await Promise.race([channel.booted.then(() => 'booted'), ended.then(() => 'ended'), late.promise]);
  cancel();
  if (first !== 'booted') throw new Error(`the interpreter did not start (${first}): ${readRest(launched.stderrFd)}`);
}

/** What an interpreter that will not be used said, as far as it fits. */
function readRest(fd: number): string {
  const buffer = Buffer.alloc(2000);
  try {
    return buffer.toString('utf8', 0, readSync(fd, buffer)).trim();
  } catch {
    return '';
  }
}

function closePipes({ stdoutFd, stderrFd }: LaunchedProcess): void {
  for (const fd of [stdoutFd, stderrFd]) closeQuietly(fd);
}
