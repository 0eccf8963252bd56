import type { ChildProcess } from 'node:child_process';
import type { Duplex } from 'node:stream';
import type { Server, Socket } from 'node:net';
import type { Guarantee, Interpreter } from '../types.ts';

/** Starts process trees. One implementation per way of confining them. */
export interface Launcher {
  readonly guarantees: readonly Guarantee[];
  /** False where the process sees the host's own file system: then paths inside are paths outside. */
  readonly hasOwnRoot: boolean;
  /** Whether a tree can be launched before it is known for which function: a request without `files`. */
  readonly canAssignLater: boolean;
  /** Resolves when everything is in its place; the code that was asked for runs from then on, and not before. */
  launch(request: LaunchRequest): Promise<LaunchedProcess>;
  close(): void;
}

export interface LaunchRequest {
  readonly environmentId: string;
  /** A private, empty folder that is removed when the tree is gone. */
  readonly folder: string;
  /** Of a container image: the host folder that is the whole root, instead of the host's programs and the function's files. */
  readonly root?: string;
  /** Absent for a slot: it gets them from {@link LaunchedProcess.assign}. */
  readonly files: FunctionFiles | undefined;
  /** A host folder, seen read-only at /var/runtime. */
  readonly runtimeFolder: string;
  /** Host folders or files outside /usr that the interpreter needs, seen at the same path. */
  readonly interpreterPaths: readonly string[];
  /** Packages that every function of the interpreter finds: a host folder, when there is one, and where it is seen. */
  readonly packages: Packages | undefined;
  /** Program and arguments, as paths inside; {@link Placement} tells them. Not looked at for a slot without a channel. */
  readonly command: (placement: Placement) => readonly string[];
  readonly variables: (placement: Placement) => Readonly<Record<string, string>>;
  /** Variables make the interpreter itself run code of the function's, so that it may only start when all is in its place. */
  readonly runsCodeAtOnce: boolean;
  /** Where the program starts; the task folder when absent. */
  readonly workingFolder?: string;
  readonly temporaryMegabytes: number;
  /** Files that a process writes its own pid into to come under the limits. */
  readonly joinFiles: readonly string[];
  /** Inherit the two sockets of the framed channel as descriptors 3 and 4. */
  readonly framed: boolean;
  /** Programs start beside the interpreter that speak to the API as soon as they run: it has to listen before. */
  readonly startsExtensions: boolean;
  /** Listen at 127.0.0.1:<port> inside as well. */
  readonly endpointPort: number | undefined;
  /** And at this port, for whoever gets the endpoint: a slot listens there before anybody does. */
  readonly extensionPort: number | undefined;
}

export interface Packages {
  readonly family: Interpreter['family'];
  readonly folder: string | undefined;
  readonly path: string;
}

/** Host folders, seen read-only at /var/task and /opt. */
export interface FunctionFiles {
  readonly codeFolder: string;
  readonly layersFolder: string | undefined;
}

/** Where things are for the code inside. */
export interface Placement {
  readonly taskFolder: string;
  readonly layersFolder: string;
  readonly runtimeFolder: string;
  readonly temporaryFolder: string;
  /** Where the packages of the interpreter are, when that is not where it was asked for. */
  readonly packagesFolder?: string;
  /** `host:port` of the Runtime API. */
  readonly runtimeApiAddress: string | undefined;
  /** `host:port` of the endpoint, when that is not 127.0.0.1 and the port that was asked for. */
  readonly endpointAddress?: string;
}

export interface LaunchedProcess {
  /** The process whose exit means that the whole tree is gone. */
  readonly child: ChildProcess;
  /** Reading ends of descriptors 1 and 2. */
  readonly stdoutFd: number;
  readonly stderrFd: number;
  readonly channel: { readonly toFunction: Duplex; readonly fromFunction: Duplex } | undefined;
  /** What listens where the Runtime API and the APIs of extensions are found; for a custom runtime before its first instruction. */
  apiServer(): Promise<Server | undefined>;
  /** False while {@link apiServer} may only be asked once the code inside has spoken. Otherwise at once: nobody takes its connections before. */
  readonly apiListens: boolean;
  /** Connects to a port of 127.0.0.1 inside. */
  connectInside(port: number): Promise<Socket>;
  /** What listens at the endpoint's ports, once the code inside has spoken and before it is the function's. {@link release} closes it. */
  endpointServers(): Promise<readonly Server[]>;
  /** Makes a slot a function's: brings its files and, where no interpreter waits, starts its program. Once. */
  assign(assignment: Assignment): Promise<void>;
  /** Process ids of the whole tree as the host sees them, parents first; the first `maximum`, if told so. */
  listProcesses(maximum?: number): Promise<readonly number[]>;
  /** SIGKILL to the whole tree. Safe to call at any time and more than once. */
  kill(): void;
  /** The runtime's own end, told apart from the launcher's. */
  readExit(code: number | null, signal: NodeJS.Signals | null): { readonly code: number | undefined; readonly signal: string | undefined };
  /** After the exit: whether what looks after the sandboxes had ended before it, and so may have ended this one. */
  wasLost(): Promise<boolean>;
  /**
   * Makes a confined copy of the process inside, with everything of its own that a launched one has. `fork` has it fork, once, when that is
   * watched. Rejects when it cannot be copied. Absent where none can be.
   */
  readonly copy?: (request: CopyRequest, fork: () => void) => Promise<LaunchedProcess>;
  /** Gives back what the launch took: the user id, pipes. After the exit. */
  release(): Promise<void>;
}

export interface Assignment {
  readonly files: FunctionFiles;
  readonly command: LaunchRequest['command'];
  readonly variables: LaunchRequest['variables'];
  readonly endpointPort: number | undefined;
  /** Where the program starts; the task folder when absent. */
  readonly workingFolder?: string;
}

/** What a copy of an initialised process has of its own from the start; the endpoint comes with {@link LaunchedProcess.assign}. */
export interface CopyRequest {
  readonly environmentId: string;
  readonly temporaryMegabytes: number;
  readonly joinFiles: readonly string[];
  readonly extensionPort: number | undefined;
}
