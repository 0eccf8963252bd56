// The worker-thread side of storing a package: unpack and measure, away from the event loop.
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { unpackArchive } from './archive.ts';
import type { ArchiveLimits, UnpackResult } from './archive.ts';

export interface UnpackInput {
  /** A file: the archive itself need not cross from thread to thread, and waits on the disk for its turn. */
  readonly archivePath: string;
  /** An empty folder that exists. */
  readonly target: string;
  readonly limits: ArchiveLimits;
}

export type UnpackAnswer = UnpackResult & {
  /** Of the archive, hexadecimal. */
  readonly sha256: string;
};

/** Unpacks one archive and hashes it. */
export async function run({ archivePath, target, limits }: UnpackInput): Promise<UnpackAnswer> {
  const archive = readFileSync(archivePath);
  const sha256 = createHash('sha256').update(archive).digest('hex');
  return { ...(await unpackArchive(archive, target, limits)), sha256 };
}
