import { createFakeClock, type MovableClock } from '../base/clock.ts';
import { createSeededRandom } from '../base/random.ts';
import { createStyle } from './style.ts';
import type { Terminal } from './terminal.ts';

export interface FakeTerminal extends Terminal {
  readonly clock: MovableClock;
  readonly printed: string[];
  readonly noted: string[];
  readonly exits: number[];
  interrupt(): void;
}

interface FakeTerminalOptions {
  readonly workingFolder?: string;
  readonly environment?: Readonly<Record<string, string | undefined>>;
  readonly input?: string;
  readonly answers?: readonly boolean[];
  readonly interactive?: boolean;
}

/** A terminal for tests: what is printed can be read back, Ctrl-C is a call, time stands still. */
export function createFakeTerminal(options: FakeTerminalOptions = {}): FakeTerminal {
  const printed: string[] = [];
  const noted: string[] = [];
  const exits: number[] = [];
  const answers = [...(options.answers ?? [])];
  const listeners = new Set<() => void>();
  const plain = createStyle(false);
  return {
    workingFolder: options.workingFolder ?? '/nonexistent/haneul-test',
    environment: options.environment ?? {},
    clock: createFakeClock(),
    random: createSeededRandom(1),
    style: plain,
    noteStyle: plain,
    columns: 100,
    interactive: options.interactive ?? false,
    print: (text) => void printed.push(text),
    write: (bytes) => void printed.push(Buffer.from(bytes).toString('utf8')),
    note: (text) => void noted.push(text),
    redraw: () => undefined,
    confirm: () => Promise.resolve(answers.shift() ?? false),
    readStandardInput: () => Promise.resolve(Buffer.from(options.input ?? '')),
    onInterrupt(listener) {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
    exitNow: (code) => void exits.push(code),
    printed,
    noted,
    exits,
    interrupt: () => [...listeners].forEach((listener) => listener()),
  };
}
