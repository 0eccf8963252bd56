import type { Terminal } from './terminal.ts';

const quietMs = 400;

/** Shows that long work goes on: a line with the seconds for a person, one plain line otherwise. Nothing for short work. */
export async function withProgress<T>(terminal: Terminal, text: string | (() => string), work: () => Promise<T>): Promise<T> {
  const startedMs = terminal.clock.now();
  let cancel = (): void => undefined;
  let shown = false;
  const textNow = (): string => (typeof text === 'string' ? text : text());
  const show = (): void => {
    const seconds = Math.floor((terminal.clock.now() - startedMs) / 1000);
    if (terminal.interactive) terminal.redraw(terminal.noteStyle.dim(`${textNow()} … ${seconds > 0 ? `${seconds} s` : ''}`));
    else if (!shown) terminal.note(`${textNow()} …`);
    shown = true;
    cancel = terminal.clock.at(terminal.clock.now() + 1_000, show);
  };
  cancel = terminal.clock.at(startedMs + quietMs, show);
  try {
    return await work();
  } finally {
    cancel();
    if (shown && terminal.interactive) terminal.redraw('');
  }
}
