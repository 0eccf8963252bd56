import { randomBytes } from 'node:crypto';

/** Where unpredictability comes from. Product code takes one as an argument, so that a failing run replays from its seed. */
export interface Random {
  bytes(count: number): Buffer;
  /** Uniform in [0, 1). */
  fraction(): number;
}

/** Cryptographically strong; what the server uses. */
export const cryptoRandom: Random = createCryptoRandom();

// Ids are small and made for every request, and one call of the generator costs as much for 16 bytes as for thousands. No byte
// is handed out twice: a pool that is used up is left to whoever still holds parts of it.
function createCryptoRandom(): Random {
  const poolBytes = 4_096;
  let pool: Buffer = Buffer.alloc(0);
  const bytes = (count: number): Buffer => {
    if (count > poolBytes / 16) return randomBytes(count);
    if (pool.length < count) pool = randomBytes(poolBytes);
    const taken = pool.subarray(0, count);
    pool = pool.subarray(count);
    return taken;
  };
  return { bytes, fraction: () => bytes(6).readUIntBE(0, 6) / 2 ** 48 };
}

/** Repeatable and NOT secret: for tests and simulations (mulberry32). */
export function createSeededRandom(seed: number): Random {
  let state = seed >>> 0;
  const fraction = (): number => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
  return {
    fraction,
    bytes: (count) => Buffer.from(Array.from({ length: count }, () => Math.floor(fraction() * 256))),
  };
}
