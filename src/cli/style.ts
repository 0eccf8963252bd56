/** Marks text for the eye; the identity when colours are off, so callers never ask. */
export interface Style {
  readonly bold: (text: string) => string;
  readonly dim: (text: string) => string;
  readonly good: (text: string) => string;
  readonly warning: (text: string) => string;
  readonly bad: (text: string) => string;
}

/** Escape sequences, or nothing. */
export function createStyle(colours: boolean): Style {
  const wrap = (open: number, close: number) => (text: string) => (colours ? `\x1b[${open}m${text}\x1b[${close}m` : text);
  return { bold: wrap(1, 22), dim: wrap(2, 22), good: wrap(32, 39), warning: wrap(33, 39), bad: wrap(31, 39) };
}
