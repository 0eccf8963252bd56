import { mkdir, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { Clock } from '../base/clock.ts';
import type { Logger } from '../base/log.ts';
import type { Channel, ChannelListener } from './channel/channel.ts';
import { openFramedChannel } from './channel/framedChannel.ts';
import { createDeferred } from './deferred.ts';
import { createEnvironment } from './environment.ts';
import type { InstalledInterpreter } from './interpreters.ts';
import type { LaunchedProcess, Launcher, LaunchRequest, Placement } from './launcher/launcher.ts';
import type { Limiter, LimitGroup } from './limits/limiter.ts';
import { processesMax } from './limits.ts';
import { openEndpoint } from './network/openEndpoint.ts';
import type { Endpoint } from './network/openEndpoint.ts';
import { FunctionOutput } from './output/functionOutput.ts';
import { RawPipe } from './output/rawPipe.ts';
import { findEntrypoint } from './runtime-api/entrypoint.ts';
import { openRuntimeApiChannel } from './runtime-api/runtimeApiChannel.ts';
import type { Environment, EnvironmentSpec, InitOutcome } from './types.ts';

export interface StartOptions {
  readonly spec: EnvironmentSpec;
  /** Absent for a custom runtime. */
  readonly interpreter: InstalledInterpreter | undefined;
  /** The AWS SDK, when there is one for this interpreter. */
  readonly sdkFolder: string | undefined;
  readonly launcher: Launcher;
  readonly limiter: Limiter;
  readonly wall: Clock;
  readonly log: Logger;
  /** Made here, gone when the environment is. */
  readonly folder: string;
  /** Our bootstraps. */
  readonly runtimeFolder: string;
}

/** Makes the limits, launches the tree under them and connects the parts. */
export async function startEnvironment(options: StartOptions): Promise<Environment> {
  const { spec, limiter, launcher, wall, folder } = options;
  const startedAtMs = wall.now();
  const command = await commandFor(options);
  if ('kind' in command) return failedEnvironment(spec, command);
  await mkdir(folder, { mode: 0o700 });
  let group: LimitGroup | undefined;
  try {
    group = await limiter.create({
      environmentId: spec.environmentId,
      memoryBytes: spec.memoryMegabytes * 1024 * 1024,
      // The launcher's own two processes are in the group as well.
      processesMax: processesMax + 2,
    });
    const launched = await launcher.launch({
      environmentId: spec.environmentId,
      folder,
      codeFolder: spec.codeFolder,
      layersFolder: spec.layersFolder,
      runtimeFolder: options.interpreter ? `${options.runtimeFolder}/${options.interpreter.family}` : undefined,
      interpreterPaths: options.interpreter?.extraPaths ?? [],
      packages: packagesFor(options),
      command,
      variables: (placement) => variablesFor(options, placement),
      temporaryMegabytes: spec.ephemeralStorageMegabytes,
      joinFiles: group.joinFiles,
      framed: options.interpreter !== undefined,
      runtimeApi: options.interpreter === undefined,
      endpointPort: spec.endpoint?.port,
    });
    group.watch(launched);
    return connect(options, launched, group, startedAtMs);
  } catch (error) {
    await group?.remove();
    await rm(folder, { recursive: true, force: true });
    throw error;
  }
}

function connect({ spec, wall, log, folder }: StartOptions, launched: LaunchedProcess, group: LimitGroup, startedAtMs: number): Environment {
  const setReading = (verb: 'pause' | 'resume'): void => {
    channel[verb]();
    for (const pipe of pipes) pipe[verb]();
  };
  const output = new FunctionOutput({ wall, onOutput: spec.onOutput, onFull: () => setReading('pause'), onRoom: () => setReading('resume') });
  const listener: ChannelListener = {
    onRecord: (text) => output.record(text),
    onStream: (source, bytes) => output.stream(source, bytes),
    onViolation(reason) {
      log.warn('function broke the bootstrap protocol and was ended', { environmentId: spec.environmentId, reason });
      launched.kill();
    },
  };
  const endpoint = spec.endpoint && launched.endpointListener && openEndpoint(spec.endpoint, launched.endpointListener, { log, onFailure: () => launched.kill() });
  const channel = openChannel(spec, launched, { listener, wall, endpoint });
  const pipes = [
    new RawPipe(launched.stdoutFd, (bytes) => output.stream('stdout', bytes)),
    new RawPipe(launched.stderrFd, (bytes) => output.stream('stderr', bytes)),
  ];
  const cleanUp = async (): Promise<void> => {
    endpoint?.close();
    const results = await Promise.allSettled([launched.release(), group.remove(), rm(folder, { recursive: true, force: true })]);
    const failed = results.find((result) => result.status === 'rejected');
    if (failed) throw failed.reason;
  };
  return createEnvironment({ spec, launched, channel, group, output, pipes, wall, log, startedAtMs, cleanUp });
}

function openChannel(
  spec: EnvironmentSpec,
  launched: LaunchedProcess,
  { listener, wall, endpoint }: { readonly listener: ChannelListener; readonly wall: Clock; readonly endpoint: Endpoint | undefined },
): Channel {
  const { runtime, handler } = spec;
  if (launched.channel) {
    const runtimeVersion = runtime.family === 'custom' ? '' : runtime.version;
    return openFramedChannel({ ...launched.channel, handler, runtimeVersion, listener, ...(endpoint ? { prepare: endpoint.ready } : {}) });
  }
  if (!launched.runtimeApiServer) throw new Error('a process was launched without a channel');
  void endpoint?.ready();
  return openRuntimeApiChannel({ server: launched.runtimeApiServer, wall });
}

/** The program to run, or why there is none. */
async function commandFor({ spec, interpreter }: StartOptions): Promise<((placement: Placement) => readonly string[]) | Extract<InitOutcome, { kind: 'init-error' }>> {
  if (interpreter?.family === 'node') return ({ runtimeFolder }) => [interpreter.path, `${runtimeFolder}/index.cjs`];
  if (interpreter?.family === 'python') return ({ runtimeFolder }) => [interpreter.path, '-u', `${runtimeFolder}/bootstrap.py`];
  const entrypoint = await findEntrypoint(spec);
  if ('errorType' in entrypoint) {
    return { kind: 'init-error', payload: Buffer.from(JSON.stringify(entrypoint)), durationMs: 0 };
  }
  return (placement) => [entrypoint.folder === 'task' ? `${placement.taskFolder}/bootstrap` : `${placement.layersFolder}/bootstrap`];
}

function variablesFor({ spec, interpreter }: StartOptions, placement: Placement): Record<string, string> {
  const { taskFolder, layersFolder, runtimeFolder, temporaryFolder, runtimeApiAddress } = placement;
  const path = spec.variables['PATH'] ?? '/usr/local/bin:/usr/bin:/bin';
  const variables: Record<string, string> = {
    ...spec.variables,
    PATH: [...(interpreter ? [dirname(interpreter.path)] : []), path, `${layersFolder}/bin`].join(':'),
    LAMBDA_TASK_ROOT: taskFolder,
    LAMBDA_RUNTIME_DIR: runtimeFolder,
    _HANDLER: spec.handler,
  };
  if (temporaryFolder !== '/tmp') {
    // Without a root of its own the function has to be told where its places are.
    variables['TMPDIR'] = temporaryFolder;
    variables['HANEUL_LAYERS'] = layersFolder;
    if (placement.packagesFolder !== undefined) variables['HANEUL_PACKAGES'] = placement.packagesFolder;
  }
  const endpointAddress = placement.endpointAddress ?? (spec.endpoint && `127.0.0.1:${spec.endpoint.port}`);
  if (endpointAddress !== undefined && variables['AWS_ENDPOINT_URL'] === undefined) {
    variables['AWS_ENDPOINT_URL'] = `http://${endpointAddress}`;
    // Clients would prepend `sync-` and the like to the address.
    variables['AWS_DISABLE_HOST_PREFIX_INJECTION'] ??= 'true';
  }
  if (runtimeApiAddress !== undefined && interpreter === undefined) variables['AWS_LAMBDA_RUNTIME_API'] = runtimeApiAddress;
  if (interpreter?.family === 'node' && variables['NODE_PATH'] === undefined) {
    const major = interpreter.version.split('.')[0];
    variables['NODE_PATH'] = [`${layersFolder}/nodejs/node${major}/node_modules`, `${layersFolder}/nodejs/node_modules`, runtimeFolder, taskFolder].join(':');
  }
  return variables;
}

/** Where AWS has its SDK; what a package brings along is found before it. */
function packagesFor({ interpreter, sdkFolder }: StartOptions): LaunchRequest['packages'] {
  if (interpreter === undefined) return undefined;
  if (interpreter.family === 'node') return { family: 'node', folder: sdkFolder, path: '/var/runtime/node_modules' };
  const version = interpreter.version.split('.').slice(0, 2).join('.');
  return { family: 'python', folder: sdkFolder, path: `/var/lang/lib/python${version}/site-packages` };
}

/** An environment that ended before it began: there is nothing to launch. */
function failedEnvironment(spec: EnvironmentSpec, outcome: InitOutcome): Environment {
  const exit = { code: 1, signal: undefined, outOfMemory: false };
  const exited = createDeferred<typeof exit>();
  exited.resolve(exit);
  return {
    environmentId: spec.environmentId,
    init: Promise.resolve(outcome),
    exited: exited.promise,
    invoke: async () => ({ kind: 'exited', exit }),
    memoryPeakBytes: async () => 0,
    kill: async () => undefined,
  };
}
