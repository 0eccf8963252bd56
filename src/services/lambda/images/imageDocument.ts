// What a function keeps of its image: the manifest and the configuration, as they were when it was created or changed. A tag that moves later changes
// nothing about it.
import { createHash } from 'node:crypto';
import type { ImageAddress } from '../../../ports/imageReader.ts';
import { imageLayersMax } from './limits.ts';

export interface ImageDocument {
  readonly address: ImageAddress;
  /** Of the manifest. */
  readonly digest: string;
  readonly manifest: string;
  readonly config: string;
}

export interface ImageLayer {
  readonly digest: string;
  readonly diffId: string;
}

/** What runs in an image, as its configuration or a function's ImageConfig says. */
export interface ImageProgram {
  readonly entryPoint: readonly string[];
  readonly command: readonly string[];
  readonly workingDirectory: string;
  /** `NAME=value`. */
  readonly variables: readonly string[];
  /** `x86_64` or `arm64`; undefined for what is none of Lambda's. */
  readonly architecture: string | undefined;
}

/** The digest of an image's configuration; undefined for manifests that Lambda does not take (indexes, artifacts, old schemas). */
export function configDigestOf(manifest: string): string | undefined {
  const { config, layers } = objectOf(JSON.parse(manifest));
  const { digest, mediaType } = objectOf(config);
  const isImage = mediaType === 'application/vnd.oci.image.config.v1+json' || mediaType === 'application/vnd.docker.container.image.v1+json';
  return isImage && typeof digest === 'string' && Array.isArray(layers) ? digest : undefined;
}

/** The layers of an image, the lowest first; undefined when its manifest and its configuration do not belong together. */
export function layersOf({ manifest, config }: Pick<ImageDocument, 'manifest' | 'config'>): readonly ImageLayer[] | undefined {
  const digests = listOf(objectOf(JSON.parse(manifest))['layers']).map((layer) => objectOf(layer)['digest']);
  const diffIds = listOf(objectOf(objectOf(parseJson(config))['rootfs'])['diff_ids']);
  if (digests.length !== diffIds.length || digests.length > imageLayersMax) return undefined;
  const layers = digests.map((digest, index) => ({ digest, diffId: diffIds[index] }));
  return layers.every((layer): layer is ImageLayer => isDigest(layer.digest) && isDigest(layer.diffId)) ? layers : undefined;
}

export function programOf({ config }: Pick<ImageDocument, 'config'>): ImageProgram {
  const document = objectOf(parseJson(config));
  const settings = objectOf(document['config']);
  const architectures: Readonly<Record<string, string>> = { amd64: 'x86_64', arm64: 'arm64' };
  return {
    entryPoint: textsOf(settings['Entrypoint']),
    command: textsOf(settings['Cmd']),
    workingDirectory: typeof settings['WorkingDir'] === 'string' ? settings['WorkingDir'] : '',
    variables: textsOf(settings['Env']),
    architecture: document['os'] === 'linux' ? architectures[String(document['architecture'])] : undefined,
  };
}

/** What decides about the content: two images of the same layers have the same root. */
export const sha256Hex = (text: string): string => createHash('sha256').update(text).digest('hex');

const isDigest = (value: unknown): boolean => typeof value === 'string' && /^sha256:[0-9a-f]{64}$/.test(value);
const listOf = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : []);
const textsOf = (value: unknown): readonly string[] => listOf(value).filter((item): item is string => typeof item === 'string' && !item.includes('\0'));
const objectOf = (value: unknown): Readonly<Record<string, unknown>> => (typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {});

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
