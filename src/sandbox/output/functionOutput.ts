import { StringDecoder } from 'node:string_decoder';
import type { Clock } from '../../base/clock.ts';
import type { OutputSource } from '../channel/channel.ts';
import { logRecordBytesMax, outputBurstBytes, outputBytesPerSecond, outputDebtBytesMax, outputRecordOverheadBytes } from '../limits.ts';
import type { OutputChunk } from '../types.ts';

export interface FunctionOutputOptions {
  readonly wall: Clock;
  readonly onOutput: (chunk: OutputChunk) => void;
  /** Stop reading: the function is to wait in its write. */
  readonly onFull: () => void;
  readonly onRoom: () => void;
}

interface LineBuffer {
  readonly decoder: StringDecoder;
  text: string;
}

/** Turns what a function prints into log events, at a bounded pace. */
export class FunctionOutput {
  readonly #options: FunctionOutputOptions;
  readonly #lines: Readonly<Record<OutputSource, LineBuffer>> = {
    stdout: { decoder: new StringDecoder('utf8'), text: '' },
    stderr: { decoder: new StringDecoder('utf8'), text: '' },
  };
  #tokens = outputBurstBytes;
  #refilledAtMs: number;
  #cancelRefill: (() => void) | undefined;
  #droppedRecords = 0;

  constructor(options: FunctionOutputOptions) {
    this.#options = options;
    this.#refilledAtMs = options.wall.now();
  }

  /** One log event, which may hold several lines. */
  record(text: string): void {
    for (let start = 0; start < text.length; start += logRecordBytesMax) {
      this.#emit(text.length <= logRecordBytesMax ? text : text.slice(start, start + logRecordBytesMax));
    }
  }

  /** Raw output: each whole line is a log event; what has no line end yet waits for {@link flush}. */
  stream(source: OutputSource, bytes: Buffer): void {
    const buffer = this.#lines[source];
    let text = buffer.text + buffer.decoder.write(bytes);
    let end: number;
    while ((end = text.indexOf('\n')) >= 0) {
      this.record(text.slice(0, end + 1));
      text = text.slice(end + 1);
    }
    while (text.length > logRecordBytesMax) {
      this.#emit(text.slice(0, logRecordBytesMax));
      text = text.slice(logRecordBytesMax);
    }
    buffer.text = text;
  }

  /** Hands on unfinished lines: at the end of an invocation and of the process. */
  flush(): void {
    for (const buffer of Object.values(this.#lines)) {
      const { text } = buffer;
      buffer.text = '';
      if (text !== '') this.#emit(text);
    }
    const dropped = this.#droppedRecords;
    this.#droppedRecords = 0;
    if (dropped > 0) this.#hand(`[haneul] ${dropped} log records were dropped: output came faster than it is taken\n`);
  }

  close(): void {
    this.#cancelRefill?.();
  }

  #hand(text: string): void {
    this.#options.onOutput({ timestampMs: this.#options.wall.now(), text });
  }

  #emit(text: string): void {
    if (this.#tokens < -outputDebtBytesMax) {
      this.#refill();
      if (this.#tokens < -outputDebtBytesMax) {
        this.#droppedRecords += 1;
        return;
      }
    }
    this.#hand(text);
    this.#tokens -= text.length + outputRecordOverheadBytes;
    if (this.#tokens >= 0 || this.#cancelRefill) return;
    this.#refill();
    if (this.#tokens >= 0) return;
    this.#options.onFull();
    this.#waitForRoom();
  }

  #waitForRoom(): void {
    const waitMs = Math.ceil((-this.#tokens / outputBytesPerSecond) * 1000) + 1;
    this.#cancelRefill = this.#options.wall.at(this.#options.wall.now() + waitMs, () => {
      this.#cancelRefill = undefined;
      this.#refill();
      if (this.#tokens < 0) return this.#waitForRoom();
      this.#options.onRoom();
    });
  }

  #refill(): void {
    const nowMs = this.#options.wall.now();
    this.#tokens = Math.min(outputBurstBytes, this.#tokens + ((nowMs - this.#refilledAtMs) / 1000) * outputBytesPerSecond);
    this.#refilledAtMs = nowMs;
  }
}
