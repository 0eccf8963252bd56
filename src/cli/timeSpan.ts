const unitMs: Readonly<Record<string, number>> = { s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000, w: 604_800_000 };

/** The milliseconds of a span such as 30s, 10m, 2h, 1d or 1w; undefined when the text is none. */
export function parseSpanMs(text: string): number | undefined {
  const span = /^(\d{1,6})([smhdw])$/.exec(text);
  return span ? Number(span[1]) * (unitMs[span[2] ?? ''] ?? 0) : undefined;
}

/** A span in words of at most two units, for example `1 d 2 h`. */
export function describeSpan(milliseconds: number): string {
  let left = Math.round(milliseconds / 1_000);
  if (left === 0) return 'nothing';
  const parts: string[] = [];
  for (const [unit, seconds] of [['d', 86_400], ['h', 3_600], ['m', 60], ['s', 1]] as const) {
    const count = Math.floor(left / seconds);
    left -= count * seconds;
    if (count > 0) parts.push(`${count} ${unit}`);
  }
  return parts.slice(0, 2).join(' ');
}
