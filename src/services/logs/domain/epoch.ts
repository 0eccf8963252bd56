/** Milliseconds of a time that callers give in seconds or in milliseconds, as the operations of Insights allow. */
export const epochMs = (time: number): number => (time < 100_000_000_000 ? time * 1_000 : time);
