// What a runtime needs on the host besides the function: an interpreter, the AWS SDK or AWS's client, and what is compiled of them ahead.
import { join } from 'node:path';
import { ServiceError } from '../base/errors.ts';
import type { ShelfCache } from './fetching/openShelf.ts';
import type { InstalledInterpreter } from './interpreters.ts';
import { openInterpreterStore } from './interpreters/openInterpreterStore.ts';
import type { InterpreterPins } from './interpreters/openInterpreterStore.ts';
import { openJavaClient } from './java/openJavaClient.ts';
import { openSharedArchives } from './java/openSharedArchives.ts';
import type { ProcessEnvironment } from './launcher/tools.ts';
import { createBootstrapCompiler } from './precompileBootstrap.ts';
import { openCodeCaches } from './sdk/openCodeCaches.ts';
import { openSdkStore } from './sdk/openSdkStore.ts';
import type { SdkFamily, SdkUser } from './sdk/openSdkStore.ts';
import type { EnvironmentSpec, RuntimeKind } from './types.ts';

export interface RuntimeToolsOptions extends ShelfCache {
  readonly environment: ProcessEnvironment;
  readonly installed: readonly InstalledInterpreter[];
  readonly interpreterPins: InterpreterPins | undefined;
  /** Whether bubblewrap works here. */
  readonly isConfined: boolean;
  readonly isRoot: boolean;
  /** Our bootstraps. */
  readonly runtimeFolder: string;
}

export interface FoundTools {
  /** Absent for a custom runtime. */
  readonly interpreter: InstalledInterpreter | undefined;
  /** The AWS SDK, when there is one for this interpreter; for Java, AWS's runtime client. */
  readonly sdkFolder: string | undefined;
}

export interface RuntimeTools {
  /** The host's own interpreters, and those that were fetched by now. */
  interpreters(): readonly InstalledInterpreter[];
  /** Fetches what is missing and waits, but not for ever. Rejects with a `ServiceError` when there is nothing to run the function. */
  find(spec: Pick<EnvironmentSpec, 'runtime' | 'codeFolder' | 'layersFolder'>): Promise<FoundTools>;
  /** Our bootstrap, compiled once for all processes of the interpreter. Does nothing for those that need none. */
  precompile(interpreter: InstalledInterpreter): Promise<void>;
  /** What an environment of this interpreter would be started with now. */
  packagesFor(interpreter: InstalledInterpreter | undefined): string | undefined;
  /** Calls back with the interpreter of a runtime that is there or on its way; fetches none for this. */
  whenKnown(runtime: RuntimeKind, use: (interpreter: InstalledInterpreter | undefined) => void): void;
  prepare(runtime: RuntimeKind): void;
  isPreparing(runtime: RuntimeKind): boolean;
  close(): void;
}

type Java = Extract<RuntimeKind, { readonly family: 'java' }>;

/** Nothing is fetched before a function needs it. */
export function openRuntimeTools(options: RuntimeToolsOptions): RuntimeTools {
  const { installed, interpreterPins, runtimeFolder } = options;
  const interpreters = openInterpreterStore({ ...options, ...(interpreterPins ? { pins: interpreterPins } : {}) });
  const sdks = openSdkStore({ ...options, interpreters: installed });
  const codeCaches = openCodeCaches({ ...options, runtimeFolder: join(runtimeFolder, 'node') });
  const precompile = createBootstrapCompiler({ runtimeFolder: join(runtimeFolder, 'python'), log: options.log });
  const javaClient = openJavaClient(options);
  const archives = openSharedArchives(options);

  async function findJava(runtime: Java): Promise<FoundTools> {
    const [interpreter, sdkFolder] = await Promise.all([interpreters.find(runtime), javaClient.wait()]);
    if (sdkFolder === undefined) throw new ServiceError('Runtime.InvalidRuntime', "AWS's runtime client for Java could not be fetched; the server's log says why", { status: 502 });
    void archives.ensure(sdkFolder, interpreter);
    return { interpreter, sdkFolder };
  }

  return {
    interpreters: () => interpreters.list(),
    async find({ runtime, ...spec }) {
      if (runtime.family === 'custom') return { interpreter: undefined, sdkFolder: undefined };
      if (runtime.family === 'java') return findJava(runtime);
      if (runtime.family === 'ruby') return { interpreter: await interpreters.find(runtime), sdkFolder: undefined };
      // Both may have to be fetched; then they are at the same time.
      const [interpreter] = await Promise.all([interpreters.find(runtime), sdks.find(spec, sdkUser(interpreters.known(runtime) ?? runtime, runtime.family))]);
      const sdkFolder = sdks.known(sdkUser(interpreter, runtime.family));
      void precompile(interpreter);
      if (sdkFolder !== undefined) void codeCaches.ensure(sdkFolder, interpreter);
      return { interpreter, sdkFolder };
    },
    precompile,
    packagesFor(interpreter) {
      if (interpreter === undefined || interpreter.family === 'ruby') return undefined;
      return interpreter.family === 'java' ? javaClient.ready() : sdks.known(sdkUser(interpreter, interpreter.family));
    },
    whenKnown(runtime, use) {
      if (runtime.family === 'custom') return use(undefined);
      // Without AWS's client there is nothing that could wait.
      if (runtime.family === 'java' && javaClient.ready() === undefined) return;
      const interpreter = interpreters.known(runtime);
      if (interpreter) use(interpreter);
      // A program that will not be used is not worth the memory: the one that comes is waited for.
      else if (interpreters.isPreparing(runtime)) void interpreters.find(runtime).then(use, () => undefined);
    },
    prepare(runtime) {
      if (runtime.family === 'custom') return;
      interpreters.prepare(runtime);
      // What is made of it afterwards is there for the first invocation, too.
      if (runtime.family === 'java' && interpreters.known(runtime)) void findJava(runtime).catch(() => undefined);
    },
    isPreparing: (runtime) => runtime.family !== 'custom' && (interpreters.isPreparing(runtime) || (runtime.family === 'java' && javaClient.isFetching())),
    close() {
      for (const tool of [interpreters, sdks, codeCaches, javaClient, archives]) tool.close();
    },
  };
}

const sdkUser = ({ version }: { readonly version: string }, family: SdkFamily): SdkUser => ({ family, version });
