import { errors } from '../errors.ts';
import type { ChecksumAlgorithm, StoredChecksum } from './objectRow.ts';

type DigestName = 'crc32' | 'crc32c' | 'crc64nvme' | 'sha1' | 'sha256';

/** Members of requests and answers, one for each algorithm. */
export interface ChecksumMembers {
  readonly ChecksumCRC32?: string | undefined;
  readonly ChecksumCRC32C?: string | undefined;
  readonly ChecksumCRC64NVME?: string | undefined;
  readonly ChecksumSHA1?: string | undefined;
  readonly ChecksumSHA256?: string | undefined;
}

export const checksumAlgorithms: readonly ChecksumAlgorithm[] = ['CRC32', 'CRC32C', 'CRC64NVME', 'SHA1', 'SHA256'];

/** What S3 computes where the client asks for nothing ("Checking object integrity"). */
export const defaultAlgorithm: ChecksumAlgorithm = 'CRC64NVME';

export function digestNameOf(algorithm: ChecksumAlgorithm): DigestName {
  return algorithm.toLowerCase() as DigestName;
}

/** The algorithm of this name; refuses those that this server does not compute. */
export function requireAlgorithm(name: string | undefined): ChecksumAlgorithm | undefined {
  if (name === undefined) return undefined;
  const algorithm = checksumAlgorithms.find((known) => known === name.toUpperCase());
  if (!algorithm) throw errors.unsupportedChecksum();
  return algorithm;
}

/** The algorithm that a request speaks of: by name, by a checksum in the head, or by one announced behind the body. */
export function algorithmOf(name: string | undefined, headers: Readonly<Record<string, string>>): ChecksumAlgorithm | undefined {
  for (const header of [...Object.keys(headers), ...(headers['x-amz-trailer'] ?? '').toLowerCase().split(',').map((text) => text.trim())]) {
    const match = /^x-amz-checksum-(?!algorithm$|type$|mode$)(.+)$/.exec(header);
    if (match) return requireAlgorithm(match[1]);
  }
  return requireAlgorithm(name);
}

/** The checksum that a request carries. */
export function givenChecksum(members: ChecksumMembers): { readonly algorithm: ChecksumAlgorithm; readonly value: string } | undefined {
  for (const algorithm of checksumAlgorithms) {
    const value = members[`Checksum${algorithm}`];
    if (value !== undefined) return { algorithm, value };
  }
  return undefined;
}

/** A checksum as a member of an answer. */
export function checksumMember(algorithm: string | undefined, value: string | undefined): ChecksumMembers {
  return algorithm === undefined || value === undefined ? {} : { [`Checksum${algorithm}`]: value };
}

/** A stored checksum as members of an answer. */
export function checksumMembers(checksum: StoredChecksum | undefined): ChecksumMembers & { ChecksumType?: 'FULL_OBJECT' | 'COMPOSITE' } {
  return checksum ? { ...checksumMember(checksum.algorithm, checksum.value), ChecksumType: checksum.type } : {};
}
