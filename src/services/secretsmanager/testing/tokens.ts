/** A ClientRequestToken, as SDKs make them, that a test can tell from others. */
export function token(index: number): string {
  return `00000000-0000-4000-8000-${String(index).padStart(12, '0')}`;
}
