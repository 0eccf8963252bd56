/**
 * S3's own name of an account: 64 hexadecimal digits. The account can be told from it, so that a grant to an id needs no directory:
 * its digits come back by undoing the multiplication, which spreads them over the whole id.
 */
export function canonicalIdOf(account: string): string {
  const spread = (BigInt(`1${account}`) * factor) & mask;
  return spread.toString(16).padStart(64, '0');
}

/** The account of such an id; undefined for any other text. */
export function accountOfCanonicalId(id: string): string | undefined {
  if (!/^[0-9a-f]{64}$/.test(id)) return undefined;
  const digits = ((BigInt(`0x${id}`) * inverse) & mask).toString();
  return /^1\d{12}$/.test(digits) ? digits.slice(1) : undefined;
}

const mask = (1n << 256n) - 1n;
const factor = 0x6a09e667f3bcc908bb67ae8584caa73b3c6ef372fe94f82ba54ff53a5f1d36f1n;
const inverse = inverseOf(factor);

// Newton's iteration doubles the number of right bits each time.
function inverseOf(odd: bigint): bigint {
  let found = odd;
  for (let bits = 3; bits < 256; bits *= 2) found = (found * (2n - odd * found)) & mask;
  return found;
}
