import type { InvocationRequest } from '../types.ts';

/** How the code inside says that it is loaded, takes requests and answers them: framed, or over the Runtime API. */
export interface Channel {
  /** Settles when the code said that it is loaded or why it is not; stays pending when the process ends before. */
  readonly init: Promise<ChannelInit>;
  /** One at a time; stays pending when the process ends before it answers. */
  invoke(request: InvocationRequest): Promise<ChannelAnswer>;
  /** The exit code that the bootstrap announced, if it did: tells `exit(137)` from a SIGKILL. */
  readonly announcedExit: number | undefined;
  /** Stops and starts reading output that travels over this channel (back-pressure). */
  pause(): void;
  resume(): void;
  /** Resolves when everything that the process wrote before it ended has been read. */
  readonly drained: Promise<void>;
  close(): void;
}

export type ChannelInit =
  | { readonly kind: 'ready' }
  | { readonly kind: 'init-error'; readonly payload: Uint8Array };

export type ChannelAnswer =
  | { readonly kind: 'response'; readonly payload: Uint8Array; readonly contentType?: string }
  | { readonly kind: 'function-error'; readonly payload: Uint8Array; readonly isMidStream?: true }
  | { readonly kind: 'response-too-large'; readonly bytes: number };

/** What a channel reports while it runs. */
export interface ChannelListener {
  /** One log event. */
  readonly onRecord: (text: string) => void;
  /** Bytes of stdout or stderr, cut anywhere. */
  readonly onStream: (source: OutputSource, bytes: Buffer) => void;
  /** The other side broke the protocol: it is not (only) our bootstrap that writes there. */
  readonly onViolation: (reason: string) => void;
}

export type OutputSource = 'stdout' | 'stderr';
