import { cryptoRandom, type Random } from '../base/random.ts';
import { wallClock, type Clock } from '../base/clock.ts';
import { createStyle, type Style } from './style.ts';

/** Everything outside the program that a command may touch; tests hand in their own. */
export interface Terminal {
  readonly workingFolder: string;
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly clock: Clock;
  readonly random: Random;
  /** Colours for standard output and for standard error: either may be redirected. */
  readonly style: Style;
  readonly noteStyle: Style;
  /** The width of the screen. */
  readonly columns: number;
  /** True when a person reads standard error: progress may redraw its line. */
  readonly interactive: boolean;
  /** Standard output: what was asked for. */
  print(text: string): void;
  /** Bytes to standard output as they are. */
  write(bytes: Uint8Array): void;
  /** Standard error: what happens meanwhile. */
  note(text: string): void;
  /** Replaces the current line of standard error; '' clears it. Only when `interactive`. */
  redraw(text: string): void;
  /** Asks a yes-or-no question; false when nobody can answer. */
  confirm(question: string): Promise<boolean>;
  readStandardInput(): Promise<Buffer>;
  /** Calls `listener` for every request to end (Ctrl-C, SIGTERM, SIGHUP). Returns a function that stops listening. */
  onInterrupt(listener: () => void): () => void;
  /** Ends the process at once: only for a second Ctrl-C. */
  exitNow(code: number): void;
}

const inputBytesMax = 16 * 1024 * 1024;
const interruptSignals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/** The real terminal of this process. */
export function processTerminal(): Terminal {
  const { env, stdout, stderr, stdin } = process;
  // `haneul logs NAME | head` closes the pipe: that is the reader's good right and no error.
  stdout.on('error', (error: NodeJS.ErrnoException) => process.exit(error.code === 'EPIPE' ? 0 : 1));
  return {
    workingFolder: process.cwd(),
    environment: env,
    clock: wallClock,
    random: cryptoRandom,
    style: createStyle(wantsColours(env, stdout.isTTY)),
    noteStyle: createStyle(wantsColours(env, stderr.isTTY)),
    columns: Math.min(120, Math.max(60, stdout.columns || 100)),
    interactive: stderr.isTTY && env['CI'] === undefined && env['TERM'] !== 'dumb',
    print: (text) => void stdout.write(`${text}\n`),
    write: (bytes) => void stdout.write(bytes),
    note: (text) => void stderr.write(`${text}\n`),
    redraw: (text) => void (stderr.isTTY && stderr.write(`\r\x1b[2K${text}`)),
    confirm: (question) => confirm(question),
    readStandardInput: () => readAll(stdin),
    onInterrupt(listener) {
      for (const signal of interruptSignals) process.on(signal, listener);
      return () => {
        for (const signal of interruptSignals) process.off(signal, listener);
      };
    },
    exitNow: (code) => process.exit(code),
  };
}

/** Colours only for a person, and not where https://no-color.org asks for none. */
export function wantsColours(environment: Readonly<Record<string, string | undefined>>, isTty: boolean | undefined): boolean {
  if ((environment['NO_COLOR'] ?? '') !== '' || environment['TERM'] === 'dumb') return false;
  return isTty === true;
}

async function confirm(question: string): Promise<boolean> {
  if (!process.stdin.isTTY || !process.stderr.isTTY) return false;
  const { createInterface } = await import('node:readline/promises');
  const lines = createInterface({ input: process.stdin, output: process.stderr });
  try {
    return /^y(es)?$/i.test((await lines.question(`${question} [y/N] `)).trim());
  } finally {
    lines.close();
  }
}

async function readAll(input: NodeJS.ReadableStream): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of input) {
    const piece = typeof chunk === 'string' ? Buffer.from(chunk) : chunk;
    bytes += piece.length;
    if (bytes > inputBytesMax) throw new RangeError('standard input is larger than 16 MB');
    chunks.push(piece);
  }
  return Buffer.concat(chunks);
}
