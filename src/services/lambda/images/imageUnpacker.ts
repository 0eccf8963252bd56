// An image becomes a root folder: each layer is unpacked once, whichever images have it, and the root is made of hard links to them.
import { mkdir, mkdtemp, readFile, readdir, rename, rm, stat, utimes } from 'node:fs/promises';
import { join } from 'node:path';
import type { Clock } from '../../../base/clock.ts';
import { systemErrorCode } from '../../../base/errors.ts';
import type { Logger } from '../../../base/log.ts';
import type { ImageReader } from '../../../ports/imageReader.ts';
import { imageMountPoints } from '../../../sandbox/image/mountPoints.ts';
import type { WorkPool } from '../../../workers/pool.ts';
import { errors } from '../errors.ts';
import { layersOf } from './imageDocument.ts';
import type { ImageDocument, ImageLayer } from './imageDocument.ts';
import type { LayerAnswer, LayerChanges, LayerInput, LayerSize } from './layerTask.ts';
import { cachedLayersMax, imageBytesMax, imageEntriesMax } from './limits.ts';
import type { TreeInput } from './treeTask.ts';

export interface ImageUnpacker {
  /** Makes the root of an image in an empty folder. Throws Lambda's errors for an image that is not valid. */
  unpack(document: ImageDocument, target: string): Promise<void>;
}

export interface ImageUnpackerDeps {
  readonly images: Pick<ImageReader, 'holdBlob'>;
  readonly work: WorkPool;
  readonly codeFolder: string;
  /** Tells which layers were needed last. */
  readonly wall: Clock;
  readonly log: Logger;
}

const layerTask = new URL('./layerTask.js', import.meta.url);
const treeTask = new URL('./treeTask.js', import.meta.url);
/** Below the folder of packages. */
export const layerCacheName = 'image-layers';

export function createImageUnpacker({ images, work, codeFolder, wall, log }: ImageUnpackerDeps): ImageUnpacker {
  const cache = join(codeFolder, layerCacheName);
  /** One image at a time: the layers that it needs are not removed meanwhile, and nothing is unpacked twice. */
  let last: Promise<unknown> = Promise.resolve();

  async function unpack(document: ImageDocument, target: string): Promise<void> {
    const layers = layersOf(document);
    if (layers === undefined) throw errors.invalidImage('its layers are not those of its configuration');
    await mkdir(cache, { recursive: true, mode: 0o700 });
    let used: LayerSize = { bytes: 0, entries: 0 };
    const folders: string[] = [];
    for (const layer of layers) {
      const left = { bytes: imageBytesMax - used.bytes, entries: imageEntriesMax - used.entries };
      const folder = join(cache, layer.diffId.slice('sha256:'.length));
      const size = (await sizeOf(folder)) ?? (await unpackLayer(document, layer, folder, left));
      if (size.bytes > left.bytes || size.entries > left.entries) throw errors.invalidImage('it is larger than 10 GB unpacked, or has too many files');
      used = { bytes: used.bytes + size.bytes, entries: used.entries + size.entries };
      const now = new Date(wall.now());
      await utimes(folder, now, now);
      folders.push(folder);
    }
    const isWhole = await work.runTask<TreeInput, boolean>(treeTask, { layers: folders, target, ...imageMountPoints });
    if (!isWhole) throw errors.invalidImage('a layer links to a file that is not there');
    await removeOld();
  }

  async function unpackLayer({ address }: ImageDocument, { digest, diffId }: ImageLayer, folder: string, left: LayerSize): Promise<LayerSize> {
    const held = await images.holdBlob(address, digest);
    if (held === undefined) throw errors.imageGone(address.repository);
    const draft = await mkdtemp(join(cache, 'draft-'));
    try {
      const answer = await work.runTask<LayerInput, LayerAnswer>(layerTask, { path: held.path, diffId, target: draft, bytesMax: left.bytes, entriesMax: left.entries });
      if (answer.kind === 'refused') throw errors.invalidImage(answer.reason);
      await rename(draft, folder);
      return answer;
    } catch (error) {
      await rm(draft, { recursive: true, force: true }).catch((failure: unknown) => log.warn('a half-made layer could not be removed', { error: String(failure) }));
      throw error;
    } finally {
      held.release();
    }
  }

  /** The layers that were needed longest ago; images that have them keep their files. */
  async function removeOld(): Promise<void> {
    const names = await readdir(cache);
    if (names.length <= cachedLayersMax) return;
    const dated = await Promise.all(names.map(async (name) => ({ name, atMs: (await stat(join(cache, name))).mtimeMs })));
    for (const { name } of dated.sort((a, b) => a.atMs - b.atMs).slice(0, names.length - cachedLayersMax)) await rm(join(cache, name), { recursive: true, force: true });
  }

  return {
    unpack(document, target) {
      const result = last.then(() => unpack(document, target));
      last = result.catch(() => undefined);
      return result;
    },
  };
}

/** How large a layer is that is there already. */
async function sizeOf(folder: string): Promise<LayerSize | undefined> {
  try {
    const { bytes, entries } = JSON.parse(await readFile(join(folder, 'changes.json'), 'utf8')) as LayerChanges;
    return { bytes, entries };
  } catch (error) {
    if (systemErrorCode(error) === 'ENOENT') return undefined;
    throw error;
  }
}
