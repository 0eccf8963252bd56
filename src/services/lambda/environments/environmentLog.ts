// The log stream of one execution environment: what the function writes and what the platform says about it, in one order.
import type { Clock } from '../../../base/clock.ts';
import type { LogEvent, LogSink, LogTarget } from '../../../ports/logSink.ts';
import type { OutputChunk } from '../../../sandbox/types.ts';
import { isKept, levelOf } from '../domain/logging.ts';
import type { ApplicationLogLevel } from '../domain/logging.ts';
import { logLineBytesMax, logTailBytesMax } from '../limits.ts';

export interface EnvironmentLog {
  /** A line of the platform, now. */
  write(line: string): void;
  /** A line that is not known yet: what follows waits for it, so that the order stays. Undefined is no line. */
  writeLater(line: Promise<string | undefined>): void;
  /** Output of the function. */
  writeOutput(chunk: OutputChunk): void;
  /** Collects the end of everything written from now on, until the next call. */
  startTail(): LogTail;
  /** Ends the collecting. */
  endTail(): void;
}

export interface LogTail {
  /** The last 4 KB, base64, once all of it is known. */
  read(): Promise<string>;
}

export interface EnvironmentLogDeps {
  readonly sink: LogSink;
  readonly clock: Clock;
  readonly wall: Clock;
  /** Output below it is dropped; all is kept where there is none. */
  readonly applicationLevel?: ApplicationLogLevel;
}

export function openEnvironmentLog({ sink, clock, wall, applicationLevel }: EnvironmentLogDeps, target: LogTarget): EnvironmentLog {
  let tail: TailBuffer | undefined;
  let lastWritten: Promise<void> | undefined;

  function emit(event: LogEvent, into: TailBuffer | undefined): void {
    into?.add(event.message);
    sink.append(target, cutIntoEvents(event));
  }

  function enqueue(event: LogEvent): void {
    const into = tail;
    if (lastWritten === undefined) return emit(event, into);
    follow(lastWritten.then(() => emit(event, into)));
  }

  function follow(written: Promise<void>): void {
    lastWritten = written;
    void written.then(() => {
      if (lastWritten === written) lastWritten = undefined;
    });
  }

  return {
    write: (line) => enqueue({ timestampMs: clock.now(), message: line }),
    writeLater(line) {
      const into = tail;
      const timestampMs = clock.now();
      const before = lastWritten ?? Promise.resolve();
      follow(
        before.then(async () => {
          const message = await line;
          if (message !== undefined) emit({ timestampMs, message }, into);
        }),
      );
    },
    // The sandbox stamps wall time; logs are in product time.
    writeOutput({ timestampMs, text }) {
      if (applicationLevel !== undefined && !isKept(levelOf(text), applicationLevel)) return;
      enqueue({ timestampMs: timestampMs + clock.now() - wall.now(), message: text });
    },
    startTail() {
      const buffer = createTailBuffer();
      tail = buffer;
      return {
        async read() {
          await lastWritten;
          return buffer.toBase64();
        },
      };
    },
    endTail() {
      tail = undefined;
    },
  };
}

interface TailBuffer {
  add(text: string): void;
  toBase64(): string;
}

function createTailBuffer(): TailBuffer {
  let kept: Buffer = Buffer.alloc(0);
  return {
    add(text) {
      // Of a huge record only the end can matter.
      const bytes = Buffer.from(text.slice(-logTailBytesMax));
      kept = Buffer.concat([kept, bytes]);
      if (kept.length > logTailBytesMax) kept = kept.subarray(kept.length - logTailBytesMax);
    },
    toBase64: () => kept.toString('base64'),
  };
}

function cutIntoEvents(event: LogEvent): LogEvent[] {
  if (event.message.length <= logLineBytesMax / 4) return [event];
  const bytes = Buffer.from(event.message);
  const parts: LogEvent[] = [];
  for (let at = 0; at < bytes.length; ) {
    let end = Math.min(bytes.length, at + logLineBytesMax);
    // Never inside a character: bytes 10xxxxxx continue one.
    while (end < bytes.length && ((bytes[end] ?? 0) & 0xc0) === 0x80) end -= 1;
    parts.push({ timestampMs: event.timestampMs, message: bytes.toString('utf8', at, end) });
    at = end;
  }
  return parts;
}
