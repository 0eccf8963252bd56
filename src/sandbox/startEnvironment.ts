import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Clock } from '../base/clock.ts';
import { hexId } from '../base/ids.ts';
import type { Logger } from '../base/log.ts';
import type { Random } from '../base/random.ts';
import type { Channel, ChannelListener } from './channel/channel.ts';
import { openFramedChannel } from './channel/framedChannel.ts';
import type { FramedChannel } from './channel/framedChannel.ts';
import { imageVariables, commandOf, packagesOf, variablesFor } from './command.ts';
import { imageCommand } from './image/imageCommand.ts';
import { createDeferred } from './deferred.ts';
import { createEnvironment } from './environment.ts';
import type { StartTime } from './environment.ts';
import { isFramed } from './interpreters.ts';
import type { InstalledInterpreter } from './interpreters.ts';
import { javaCommand } from './java/javaCommand.ts';
import type { Assignment, LaunchedProcess, Launcher, Placement } from './launcher/launcher.ts';
import { placementInside } from './launcher/placement.ts';
import type { Limiter, LimitGroup } from './limits/limiter.ts';
import { processesMax, secretsExtensionPort } from './limits.ts';
import { openEndpoint } from './network/openEndpoint.ts';
import { FunctionOutput } from './output/functionOutput.ts';
import { RawPipe } from './output/rawPipe.ts';
import type { Slot } from './pool/slot.ts';
import { runsCodeAtOnce, wrapperOf } from './pool/slotKind.ts';
import { createEnvironmentApi } from './extensions/environmentApi.ts';
import type { EnvironmentApi } from './extensions/environmentApi.ts';
import { findExternalExtensions, withExtensions } from './extensions/launch.ts';
import { findEntrypoint } from './runtime-api/entrypoint.ts';
import { openRuntimeApiChannel } from './runtime-api/runtimeApiChannel.ts';
import type { Environment, EnvironmentSpec, InitOutcome } from './types.ts';

export interface StartOptions {
  readonly spec: EnvironmentSpec;
  /** Absent for a custom runtime. */
  readonly interpreter: InstalledInterpreter | undefined;
  /** The AWS SDK, when there is one for this interpreter; for Java, AWS's runtime client. */
  readonly sdkFolder: string | undefined;
  readonly launcher: Launcher;
  readonly limiter: Limiter;
  readonly wall: Clock;
  readonly random: Random;
  readonly log: Logger;
  /** Made here, gone when the environment is. */
  readonly folder: string;
  /** Our bootstraps. */
  readonly runtimeFolder: string;
  /** An environment that waits for such a function, if there is one. */
  readonly takeSlot: () => Slot | undefined;
  /** It is initialised to be copied, and serves no requests. */
  readonly isTemplate?: true;
}

interface Options extends StartOptions {
  /** Names of the function's external extensions. */
  readonly external: readonly string[];
  /** In front of what they print; see extensions/launch.ts. */
  readonly mark: string;
}

/** Makes the limits, launches the tree under them and connects the parts; or takes a slot, where all that is done already. */
export async function startEnvironment(wanted: StartOptions): Promise<Environment> {
  return (await startParts(wanted)).environment;
}

/** An environment with what it was made of; absent when there was nothing to launch. */
export interface StartedParts {
  readonly environment: Environment;
  readonly parts?: { readonly launched: LaunchedProcess; readonly channel: FramedChannel | undefined };
}

/** The same, for whoever copies it later. */
export async function startParts(wanted: StartOptions): Promise<StartedParts> {
  const options: Options = { ...wanted, external: await findExternalExtensions(wanted.spec.image ? join(wanted.spec.codeFolder, 'opt') : wanted.spec.layersFolder), mark: `\u0001${hexId(wanted.random, 16)}` };
  const { spec, interpreter, wall, log } = options;
  const started: StartTime = { atMs: wall.now(), monotonicMs: performance.now() };
  const command = await commandFor(options);
  if ('kind' in command) return { environment: failedEnvironment(spec, command) };
  const assignment: Assignment = {
    files: { codeFolder: spec.codeFolder, layersFolder: spec.layersFolder },
    command,
    variables: (placement) => (spec.image ? imageVariables(spec, placement) : variablesFor(spec, interpreter, placement)),
    ...(spec.image ? { workingFolder: spec.image.workingFolder } : {}),
    endpointPort: spec.endpoint?.port,
  };
  // An interpreter that waits cannot have programs started before it.
  const slot = isFramed(interpreter) && options.external.length > 0 ? undefined : options.takeSlot();
  if (slot) {
    try {
      return await becomeEnvironment(options, slot, assignment, started);
    } catch (error) {
      log.warn('slot could not be used, the function starts without', { environmentId: spec.environmentId, error: String(error) });
      await slot.discard();
    }
  }
  return launchEnvironment(options, assignment, started);
}

/** A copy of a snapshot becomes an environment. */
export async function restoreEnvironment(wanted: StartOptions, copy: Omit<Slot, 'kind'>): Promise<Environment> {
  const { spec, interpreter, wall } = wanted;
  const assignment: Assignment = {
    files: { codeFolder: spec.codeFolder, layersFolder: spec.layersFolder }, command: () => [],
    variables: (placement) => variablesFor(spec, interpreter, placement), endpointPort: spec.endpoint?.port,
  };
  return (await becomeEnvironment({ ...wanted, external: [], mark: '' }, copy, assignment, { atMs: wall.now(), monotonicMs: performance.now() })).environment;
}

/** The slot's limits and files become the function's; then the interpreter hears who it is. */
async function becomeEnvironment(options: Options, slot: Omit<Slot, 'kind'>, assignment: Assignment, started: StartTime): Promise<StartedParts> {
  const { spec, interpreter } = options;
  const { launched, group, folder } = slot;
  await Promise.all([group.assign(spec.memoryMegabytes * 1024 * 1024), launched.assign(assignment)]);
  return await connect({ options, launched, group, folder, started, channel: slot.channel, variables: variablesFor(spec, interpreter, placementInside) });
}

async function launchEnvironment(options: Options, assignment: Assignment, started: StartTime): Promise<StartedParts> {
  const { spec, interpreter, limiter, launcher, folder } = options;
  await mkdir(folder, { mode: 0o700 });
  let group: LimitGroup | undefined;
  try {
    group = await limiter.create({
      environmentId: spec.environmentId,
      memoryBytes: spec.memoryMegabytes * 1024 * 1024,
      // The launcher's own two processes are in the group as well.
      processesMax: processesMax + 2,
      isBackground: false,
    });
    const launched = await launcher.launch({
      ...assignment,
      extensionPort: spec.endpoint && secretsExtensionPort,
      ...(spec.image ? { root: spec.codeFolder } : {}),
      environmentId: spec.environmentId,
      folder,
      runtimeFolder: `${options.runtimeFolder}/${interpreter?.family ?? 'custom'}`,
      interpreterPaths: interpreter?.extraPaths ?? [],
      packages: packagesOf(interpreter, options.sdkFolder),
      runsCodeAtOnce: isFramed(interpreter) && (runsCodeAtOnce(spec) || options.external.length > 0),
      temporaryMegabytes: spec.ephemeralStorageMegabytes,
      joinFiles: group.joinFiles,
      framed: isFramed(interpreter),
      startsExtensions: options.external.length > 0,
    });
    group.watch(launched);
    return await connect({ options, launched, group, folder, started, channel: launched.channel && openFramedChannel(launched.channel) });
  } catch (error) {
    await group?.remove();
    await rm(folder, { recursive: true, force: true });
    throw error;
  }
}

interface Parts {
  readonly options: Options;
  readonly launched: LaunchedProcess;
  readonly group: LimitGroup;
  readonly folder: string;
  readonly started: StartTime;
  readonly channel: FramedChannel | undefined;
  /** Where the process was started without them. */
  readonly variables?: Readonly<Record<string, string>>;
}

async function connect({ options, launched, group, folder, started, channel: framed, variables }: Parts): Promise<StartedParts> {
  const { spec, wall, log } = options;
  const api = apiFor(options, launched);
  const setReading = (verb: 'pause' | 'resume'): void => {
    channel[verb]();
    for (const pipe of pipes) pipe[verb]();
  };
  const output = new FunctionOutput({ wall, onOutput: (chunk) => api.output(chunk), onFull: () => setReading('pause'), onRoom: () => setReading('resume') });
  const listener: ChannelListener = {
    onRecord: (text) => output.record(text),
    onStream: (source, bytes) => output.stream(source, bytes),
    onViolation(reason) {
      log.warn('function broke the bootstrap protocol and was ended', { environmentId: spec.environmentId, reason });
      launched.kill();
      // A frozen process has to be woken to die.
      queueMicrotask(() => void environment.kill());
    },
  };
  const channel = framed ?? (await openRuntimeApi(launched, wall, api));
  const pipes = [
    new RawPipe(launched.stdoutFd, (bytes) => output.stream('stdout', bytes)),
    new RawPipe(launched.stderrFd, (bytes) => output.stream('stderr', bytes)),
  ];
  const { runtime, handler } = spec;
  const endpoint = spec.endpoint && openEndpoint(spec.endpoint, () => launched.endpointServers(), { log, onFailure: () => queueMicrotask(() => void environment.kill()) });
  const begin = (): void => framed?.begin({ handler, runtimeVersion: runtime.family === 'custom' ? '' : runtime.version, ...(variables ? { variables } : {}), ...(options.isTemplate ? { snapshot: true } : {}) }, listener);
  const served = framed && launched.apiListens ? serveApi(launched, api, log) : undefined;
  void (framed ? framed.booted : Promise.resolve())
    // The runtime starts after the extensions have registered.
    .then(() => Promise.all([endpoint?.ready(), served ?? (framed && serveApi(launched, api, log)), api.registered()]))
    // A process that has ended meanwhile is nobody's violation.
    .then(() => launched.child.exitCode === null && launched.child.signalCode === null && begin());
  const cleanUp = async (): Promise<void> => {
    endpoint?.close();
    api.close();
    const results = await Promise.allSettled([launched.release(), group.remove(), rm(folder, { recursive: true, force: true })]);
    const failed = results.find((result) => result.status === 'rejected');
    if (failed) throw failed.reason;
  };
  // A template has nothing to do but to fork, for which somebody waits.
  const resting: LimitGroup = options.isTemplate ? { ...group, freezer: undefined, setCpu: async () => undefined } : group;
  const environment = createEnvironment({ spec, launched, channel, api, group: resting, output, pipes, wall, log, started, cleanUp });
  return { environment, parts: { launched, channel: framed } };
}

async function openRuntimeApi(launched: LaunchedProcess, wall: Clock, api: EnvironmentApi): Promise<Channel> {
  const server = await launched.apiServer();
  if (!server) throw new Error('a process was launched without a channel');
  return openRuntimeApiChannel({ server, wall, answerOther: api.answer });
}

/** Without it a function only has no extensions of its own making: it runs all the same. */
async function serveApi(launched: LaunchedProcess, api: EnvironmentApi, log: Logger): Promise<void> {
  try {
    const server = await launched.apiServer();
    if (server) api.serve(server);
  } catch (error) {
    log.warn('a function has no API for extensions', { error: String(error) });
  }
}

function apiFor({ spec, wall, random, external, mark }: Options, launched: LaunchedProcess): EnvironmentApi {
  const { variables, handler } = spec;
  const facts = spec.facts ?? {
    functionName: variables['AWS_LAMBDA_FUNCTION_NAME'] ?? '', functionVersion: variables['AWS_LAMBDA_FUNCTION_VERSION'] ?? '', handler, accountId: '',
  };
  return createEnvironmentApi({
    facts, external, mark, wall, random, credentials: spec.credentials, jsonRecords: spec.jsonRecords ?? false, onOutput: spec.onOutput,
    connect: (port) => launched.connectInside(port),
    onEvent: (event) => spec.onExtension?.(event),
  });
}

/** The program to run, or why there is none. */
async function commandFor({ spec, interpreter, sdkFolder, external, mark }: Options): Promise<((placement: Placement) => readonly string[]) | Extract<InitOutcome, { kind: 'init-error' }>> {
  const beside = (command: readonly string[], { layersFolder }: Placement): readonly string[] =>
    external.length === 0 ? command : withExtensions(command, `${layersFolder}/extensions`, external, mark);
  const wrapper = [wrapperOf(spec) ?? []].flat();
  if (interpreter?.family === 'java') return (placement) => beside([...wrapper, ...javaCommand(interpreter, sdkFolder ?? '', spec, placement)], placement);
  if (interpreter) return (placement) => beside([...wrapper, ...commandOf(interpreter, placement, { withSite: runsCodeAtOnce(spec) })], placement);
  if (spec.image) {
    const command = imageCommand(spec.codeFolder, spec.image, spec.variables['PATH']);
    if ('errorType' in command) return { kind: 'init-error', payload: Buffer.from(JSON.stringify(command)), durationMs: 0 };
    return (placement) => beside(command, placement);
  }
  const entrypoint = await findEntrypoint(spec);
  if ('errorType' in entrypoint) {
    return { kind: 'init-error', payload: Buffer.from(JSON.stringify(entrypoint)), durationMs: 0 };
  }
  return (placement) => beside([entrypoint.folder === 'task' ? `${placement.taskFolder}/bootstrap` : `${placement.layersFolder}/bootstrap`], placement);
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
    tell: () => undefined,
    kill: async () => undefined,
  };
}
