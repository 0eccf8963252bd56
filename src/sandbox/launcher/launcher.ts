import type { ChildProcess } from 'node:child_process';
import type { Duplex } from 'node:stream';
import type { Server } from 'node:net';
import type { InnerListener } from '../network/innerListener.ts';
import type { Guarantee } from '../types.ts';

/** Starts process trees. One implementation per way of confining them; the next one takes pre-booted slots from a pool. */
export interface Launcher {
  readonly guarantees: readonly Guarantee[];
  /** False where the process sees the host's own file system: then paths inside are paths outside. */
  readonly hasOwnRoot: boolean;
  launch(request: LaunchRequest): Promise<LaunchedProcess>;
}

export interface LaunchRequest {
  readonly environmentId: string;
  /** A private, empty folder that is removed when the tree is gone. */
  readonly folder: string;
  /** Host folders, seen read-only at /var/task, /opt and /var/runtime. */
  readonly codeFolder: string;
  readonly layersFolder: string | undefined;
  readonly runtimeFolder: string | undefined;
  /** Host folders or files outside /usr that the interpreter needs, seen at the same path. */
  readonly interpreterPaths: readonly string[];
  /** Packages that every function of the interpreter finds: a host folder, when there is one, and where it is seen. */
  readonly packages: { readonly family: 'node' | 'python'; readonly folder: string | undefined; readonly path: string } | undefined;
  /** Program and arguments, as paths inside; {@link Placement} tells them. */
  readonly command: (placement: Placement) => readonly string[];
  readonly variables: (placement: Placement) => Readonly<Record<string, string>>;
  readonly temporaryMegabytes: number;
  /** Files that a process writes its own pid into to come under the limits. */
  readonly joinFiles: readonly string[];
  /** Inherit the two sockets of the framed channel as descriptors 3 and 4. */
  readonly framed: boolean;
  /** Listen where the function finds its Runtime API, before its first instruction runs. */
  readonly runtimeApi: boolean;
  /** Listen at 127.0.0.1:<port> inside as well. */
  readonly endpointPort: number | undefined;
}

/** Where things are for the code inside. */
export interface Placement {
  readonly taskFolder: string;
  readonly layersFolder: string;
  readonly runtimeFolder: string;
  readonly temporaryFolder: string;
  /** Where the packages of the interpreter are, when that is not where it was asked for. */
  readonly packagesFolder?: string;
  /** `host:port` of the Runtime API, when one was asked for. */
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
  readonly runtimeApiServer: Server | undefined;
  /** May be opened once the code inside has spoken. {@link release} closes it. */
  readonly endpointListener: InnerListener | undefined;
  /** Process ids of the whole tree as the host sees them; for limits that are polled. */
  listProcesses(): Promise<readonly number[]>;
  /** SIGKILL to the whole tree. Safe to call at any time and more than once. */
  kill(): void;
  /** The runtime's own end, told apart from the launcher's. */
  readExit(code: number | null, signal: NodeJS.Signals | null): { readonly code: number | undefined; readonly signal: string | undefined };
  /** Gives back what the launch took: the user id, pipes. After the exit. */
  release(): Promise<void>;
}
