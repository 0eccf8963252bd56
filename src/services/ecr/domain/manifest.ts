// What a manifest says: https://github.com/opencontainers/image-spec/blob/main/manifest.md and the two of Docker's, schema 2.
import { createHash } from 'node:crypto';
import { errors } from '../errors.ts';
import { manifestReferencesMax } from '../limits.ts';

export interface Manifest {
  readonly mediaType: string;
  readonly isIndex: boolean;
  /** Configuration and layers, or the images of an index. */
  readonly references: readonly Descriptor[];
  readonly subject: string | undefined;
  readonly artifactMediaType: string | undefined;
}

export interface Descriptor {
  readonly digest: string;
  readonly bytes: number;
  /** Layers that are not in the registry at all ("foreign" layers have URLs of their own). */
  readonly isElsewhere: boolean;
}

const indexTypes = new Set(['application/vnd.oci.image.index.v1+json', 'application/vnd.docker.distribution.manifest.list.v2+json']);
const imageTypes = new Set(['application/vnd.oci.image.manifest.v1+json', 'application/vnd.docker.distribution.manifest.v2+json']);

export const isDigest = (text: string): boolean => /^sha256:[0-9a-f]{64}$/.test(text);

export const digestOf = (bytes: Uint8Array): string => `sha256:${createHash('sha256').update(bytes).digest('hex')}`;

/** Reads a manifest, or throws the service's error for one that is none. `declaredType` is what the request says that it is. */
export function parseManifest(text: string, declaredType: string | undefined): Manifest {
  const document = asObject(parseJson(text));
  if (document === undefined) throw invalid();
  const written = typeof document['mediaType'] === 'string' ? document['mediaType'] : undefined;
  if (declaredType !== undefined && written !== undefined && declaredType !== written) throw invalid();
  const mediaType = declaredType ?? written ?? ('manifests' in document ? 'application/vnd.oci.image.index.v1+json' : 'application/vnd.oci.image.manifest.v1+json');
  const isIndex = indexTypes.has(mediaType);
  if (!isIndex && !imageTypes.has(mediaType)) throw errors.invalidParameter(`'imageManifestMediaType': '${mediaType}' is not a media type of image manifests that is taken here (Docker schema 2 and OCI)`);
  if (document['schemaVersion'] !== 2) throw invalid();
  const references = isIndex ? listOf(document['manifests']) : [document['config'], ...listOf(document['layers'])];
  if (references.length > manifestReferencesMax) throw errors.limitExceeded(`A manifest may name at most ${manifestReferencesMax} layers or images.`);
  const config = asObject(document['config']);
  const subject = document['subject'] === undefined ? undefined : descriptorOf(document['subject']).digest;
  const artifactMediaType = typeof document['artifactType'] === 'string' ? document['artifactType'] : typeof config?.['mediaType'] === 'string' ? config['mediaType'] : undefined;
  return { mediaType, isIndex, references: references.map(descriptorOf), subject, artifactMediaType };
}

function descriptorOf(value: unknown): Descriptor {
  const descriptor = asObject(value);
  const digest = descriptor?.['digest'];
  const size = descriptor?.['size'];
  if (typeof digest !== 'string' || !isDigest(digest) || typeof size !== 'number' || !Number.isSafeInteger(size) || size < 0) throw invalid();
  const mediaType = descriptor?.['mediaType'];
  return { digest, bytes: size, isElsewhere: typeof mediaType === 'string' && mediaType.includes('foreign') };
}

const invalid = (): Error => errors.invalidParameter("'imageManifest' failed to satisfy constraint: 'Invalid JSON syntax'");

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw invalid();
  }
}

function asObject(value: unknown): Record<string, unknown> | undefined {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Record<string, unknown>) : undefined;
}

const listOf = (value: unknown): unknown[] => {
  if (!Array.isArray(value)) throw invalid();
  return value;
};
