// How much a benchmark does: `--quick` shows that it works; without an option it takes less than a minute; `--long` is for figures to be
// published.

type Size = 'quick' | 'usual' | 'long';

const size: Size = process.argv.includes('--quick') ? 'quick' : process.argv.includes('--long') ? 'long' : 'usual';

/** The one of three values that fits this run. */
export const bySize = <T>(values: Readonly<Record<Size, T>>): T => values[size];

export const extent = {
  size,
  runs: bySize({ quick: 1, usual: 3, long: 5 }),
  requests: bySize({ quick: 2_000, usual: 8_000, long: 20_000 }),
  millisecondsMax: bySize({ quick: 3_000, usual: 4_000, long: 15_000 }),
} as const;
