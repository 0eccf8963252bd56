// What the rest of Haneul knows about function processes. An environment is one sandboxed process tree that serves one
// request at a time, as on AWS; `services/lambda` decides when to start, reuse and stop it.
import type { Socket } from 'node:net';
import type { ExtensionEvent } from './extensions/environmentApi.ts';
import type { FunctionFacts, ShutdownReason, TelemetryEvent } from './extensions/types.ts';

/**
 * How code is started: by our bootstrap in an interpreter, by AWS's own client for Java in a virtual machine, or by the package's own
 * `bootstrap`. Node.js and Python speak the framed channel, the others the Runtime API.
 */
export type RuntimeKind =
  | { readonly family: 'node'; readonly version: string }
  | { readonly family: 'python'; readonly version: string }
  | { readonly family: 'java'; readonly version: string }
  | { readonly family: 'ruby'; readonly version: string }
  | { readonly family: 'custom' };

export interface EnvironmentSpec {
  readonly environmentId: string;
  readonly runtime: RuntimeKind;
  readonly handler: string;
  /** A host folder with the unpacked package; seen read-only as /var/task. */
  readonly codeFolder: string;
  /** A host folder with the merged layers; seen read-only as /opt. */
  readonly layersFolder?: string;
  /** The whole environment that the function sees, except what only the sandbox knows (AWS_LAMBDA_RUNTIME_API, AWS_ENDPOINT_URL, PATH additions). */
  readonly variables: Readonly<Record<string, string>>;
  readonly memoryMegabytes: number;
  readonly ephemeralStorageMegabytes: number;
  /** 10 s on AWS; a longer init is cut off and repeated at the first invocation with the function's own timeout. */
  readonly initTimeoutMs: number;
  /** What the function finds at 127.0.0.1 of its own network; AWS_ENDPOINT_URL names it unless the function sets that itself. */
  readonly endpoint?: FunctionEndpoint;
  /**
   * Called for every piece of output, in order. One call is one log event: a line of raw output, or a whole record (a
   * console call, a `logging` call, a stack trace) with the line ends inside it. A final line end is kept.
   */
  readonly onOutput: (chunk: OutputChunk) => void;
  /** Where the variables hold none: answered to whoever shows the token that the variables name, as AWS does for SnapStart. */
  readonly credentials?: EnvironmentCredentials;
  /** What extensions are told when they register; made up from the variables where it is absent. */
  readonly facts?: FunctionFacts;
  /** The function logs JSON: extensions get its records as such. */
  readonly jsonRecords?: boolean;
  /** An extension is ready, failed, or subscribed to telemetry. */
  readonly onExtension?: (event: ExtensionEvent) => void;
}

export interface EnvironmentCredentials {
  readonly token: string;
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken: string;
  /** Clients fetch them anew some minutes before. */
  readonly expiresAtMs: number;
}

export interface FunctionEndpoint {
  /** Inside; where an environment has no network of its own, a free one is taken instead. */
  readonly port: number;
  /**
   * Takes each connection, in a network of its own also those to the port of the Parameters and Secrets extension. The sandbox bounds their
   * number and cuts them when the environment ends.
   */
  readonly onConnection: (socket: Socket) => void;
}

export interface OutputChunk {
  /** Wall time. */
  readonly timestampMs: number;
  readonly text: string;
}

export interface InvocationRequest {
  readonly requestId: string;
  readonly event: Uint8Array;
  /** Wall time at which the function's timeout ends. */
  readonly deadlineMs: number;
  readonly invokedFunctionArn: string;
  /** Decoded JSON text of X-Amz-Client-Context. */
  readonly clientContext?: string | undefined;
  readonly traceId?: string | undefined;
  /** Of a function whose environments serve one tenant each. */
  readonly tenantId?: string | undefined;
  /** Where the response goes while it is made; without it the response is answered whole. */
  readonly receiver?: ResponseReceiver | undefined;
}

/** Takes a response piece by piece. What it has not taken yet is bounded: the function waits in its own stream. */
export interface ResponseReceiver {
  /**
   * The next bytes, which may be none. `contentType` comes with the first. `taken` says that they are gone, and that as many
   * more may come: it is called once, at any time.
   */
  readonly onPart: (part: Uint8Array, contentType: string | undefined, taken: () => void) => void;
}

/** How one invocation ended. All but the first two also end the environment. */
export type InvocationOutcome =
  /** What went to a receiver is not in `payload`. */
  | { readonly kind: 'response'; readonly payload: Uint8Array; readonly contentType?: string }
  /**
   * The handler failed; `payload` is the runtime's own error document (`errorType`, `errorMessage`, trace). `isMidStream` when part of
   * the response had gone out.
   */
  | { readonly kind: 'function-error'; readonly payload: Uint8Array; readonly isMidStream?: true }
  | { readonly kind: 'timeout' }
  | { readonly kind: 'exited'; readonly exit: ProcessExit }
  /** An extension ended, or gave up. */
  | { readonly kind: 'extension-failed'; readonly errorType: string; readonly text: string }
  | { readonly kind: 'response-too-large'; readonly bytes: number };

export interface ProcessExit {
  readonly code: number | undefined;
  readonly signal: string | undefined;
  readonly outOfMemory: boolean;
  /** It ended because part of the sandbox's own machinery did: through no fault of the function. */
  readonly isLost?: boolean;
}

/** How initialisation (loading the code, before any event) ended. */
export type InitOutcome =
  | { readonly kind: 'ready'; readonly durationMs: number }
  /** Loading failed; `payload` is the runtime's error document, answered to the invocation that waits. */
  | { readonly kind: 'init-error'; readonly payload: Uint8Array; readonly durationMs: number }
  | { readonly kind: 'timeout'; readonly durationMs: number }
  | { readonly kind: 'extension-failed'; readonly errorType: string; readonly text: string; readonly durationMs: number }
  | { readonly kind: 'exited'; readonly exit: ProcessExit; readonly durationMs: number };

/** One live process tree. */
export interface Environment {
  readonly environmentId: string;
  /** Settles once; `invoke` may only be called after it answered `ready`. */
  readonly init: Promise<InitOutcome>;
  /** Resolves when the process tree is gone, for whatever reason, and everything it held is cleaned up. */
  readonly exited: Promise<ProcessExit>;
  /** One at a time. Kills the whole tree at the deadline. */
  invoke(request: InvocationRequest): Promise<InvocationOutcome>;
  /** Highest memory use of the whole tree so far, in bytes; at once where it is known. Never rejects. */
  memoryPeakBytes(): number | Promise<number>;
  /** Tells extensions that subscribe to it something of the platform's; it is made only if somebody wants it. */
  tell(make: () => TelemetryEvent): void;
  /** Ends the whole tree, extensions after they have heard of it; resolves when it is gone. */
  kill(reason?: ShutdownReason): Promise<void>;
}

/** A function as it was at the end of its initialisation (SnapStart). */
export interface Snapshot {
  /** False when it is gone: then another has to be taken. */
  readonly isAlive: boolean;
  /** Environments that go on from it now. */
  readonly liveCount: number;
  /**
   * An environment of its own that goes on from there. Its `init` is the restore: `ready` when the hooks after it have run. Only variables whose
   * values differ from those of the initialisation are set anew.
   */
  restore(spec: EnvironmentSpec): Promise<Environment>;
  /** Ends it, and every environment that came from it. */
  close(): Promise<void>;
}

export type SnapshotOutcome =
  | { readonly kind: 'taken'; readonly snapshot: Snapshot; readonly durationMs: number }
  /** Initialisation succeeded, and what it left cannot be copied. */
  | { readonly kind: 'unavailable'; readonly reason: string; readonly durationMs: number }
  | { readonly kind: 'failed'; readonly init: Exclude<InitOutcome, { kind: 'ready' }> };

/** A guarantee is what a hostile function cannot do; `remedy` is the one command that turns a missing one on. */
export interface Guarantee {
  readonly name: string;
  readonly on: boolean;
  readonly remedy?: string;
}

export interface Interpreter {
  readonly family: 'node' | 'python' | 'java' | 'ruby';
  /** Full version, for example 20.20.2. */
  readonly version: string;
  readonly path: string;
}

/** Slots: environments that were started ahead, of one interpreter. */
export interface PoolState {
  /** For example `node 20.20.2`. */
  readonly kind: string;
  readonly idle: number;
  readonly booting: number;
  /** How many are meant to be idle. */
  readonly target: number;
  /** Starts that found one, and that did not. */
  readonly hits: number;
  readonly misses: number;
}

/** The machinery that makes environments. One per server. */
export interface Sandbox {
  readonly guarantees: readonly Guarantee[];
  /** The host's own, and those that were fetched by now. */
  readonly interpreters: readonly Interpreter[];
  /**
   * Starts one. What it needs and the host lacks (an interpreter, the AWS SDK) is fetched first, within a bound. Where the exact version
   * cannot be had the nearest of the family is used and `log.warn` says so once per version. Rejects with a `ServiceError`
   * `Runtime.InvalidRuntime`-like when there is none of the family.
   */
  start(spec: EnvironmentSpec): Promise<Environment>;
  /** Initialises a function once, for environments that go on from there. A Python function's process is copied; others cannot be. */
  takeSnapshot(spec: EnvironmentSpec): Promise<SnapshotOutcome>;
  /** Says that such a function may be invoked soon: then an environment that it can take over is started ahead. */
  expect(spec: Pick<EnvironmentSpec, 'runtime' | 'variables' | 'ephemeralStorageMegabytes'>): void;
  /** Begins to fetch the interpreter of a runtime, if the host lacks it and it may be fetched. */
  prepare(runtime: RuntimeKind): void;
  /** Whether that is going on: functions that need it are not ready yet. */
  isPreparing(runtime: RuntimeKind): boolean;
  /** Environments that wait for a function, by kind; empty where none can be started ahead. */
  pools(): readonly PoolState[];
  /** Kills every environment and removes everything it held. */
  close(): Promise<void>;
}
