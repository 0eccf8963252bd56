// The worker-thread side of storing a package: unpack and measure, away from the event loop.
import { createHash } from 'node:crypto';
import { unpackArchive } from './archive.ts';
import type { ArchiveLimits, UnpackResult } from './archive.ts';

export interface UnpackInput {
  readonly archive: Uint8Array;
  /** An empty folder that exists. */
  readonly target: string;
  readonly limits: ArchiveLimits;
}

export type UnpackAnswer = UnpackResult & {
  /** Of the archive, hexadecimal. */
  readonly sha256: string;
};

/** Unpacks one archive and hashes it. */
export async function run({ archive, target, limits }: UnpackInput): Promise<UnpackAnswer> {
  const sha256 = createHash('sha256').update(archive).digest('hex');
  return { ...(await unpackArchive(archive, target, limits)), sha256 };
}
