// /tmp. A tmpfs is charged to the memory of the function that fills it, so 150 MB of files would kill a 128 MB function; AWS
// counts the two apart. A plain folder is not charged but has no size. A small ext4 image in a sparse file has both: an exact
// size (ENOSPC) and no charge beyond page cache that the kernel gives back. It is mounted inside the launcher's private mount
// namespace and its file is unlinked at once, so nothing of it outlives the process tree, not even a crash of this server.
import { mkdir, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { ProcessEnvironment } from './tools.ts';
import { findExecutable, quoteForShell, runTool } from './tools.ts';

export type TemporaryStorage =
  | {
      readonly kind: 'image';
      /** An image of this size to copy. */
      template(megabytes: number): Promise<string>;
      /** How a shell makes a copy and mounts it. */
      prepare(environmentFolder: string, megabytes: number): Promise<ImageMount>;
    }
  /** Where images cannot be mounted: bubblewrap mounts a tmpfs of the right size. */
  | { readonly kind: 'tmpfs'; readonly reason: string };

export interface ImageMount {
  readonly mountPoint: string;
  /** Shell text that makes the mount; runs in the launcher's mount namespace. */
  readonly script: string;
}

/** Finds out, by trying once, whether images can be used here. */
export async function openTemporaryStorage(folder: string, environment: ProcessEnvironment): Promise<TemporaryStorage> {
  const tools = ['mkfs.ext4', 'mount', 'unshare', 'cp', 'sh', 'rmdir', 'chmod', 'umount', 'rm', 'truncate'].map((name) => ({
    name,
    path: findExecutable(name, environment),
  }));
  const missing = tools.find(({ path }) => path === undefined);
  if (missing) return { kind: 'tmpfs', reason: `${missing.name} is not installed` };
  const path = (name: string): string => quoteForShell(tools.find((tool) => tool.name === name)?.path ?? name);
  const templates = join(folder, 'templates');
  await mkdir(templates, { recursive: true, mode: 0o700 });
  const making = new Map<number, Promise<string>>();

  /** An empty file system of this size, made once and then copied (384 KiB on disk, whatever the size). */
  function template(megabytes: number): Promise<string> {
    const known = making.get(megabytes);
    if (known) return known;
    const made = makeTemplate(join(templates, `${megabytes}.ext4`), megabytes);
    making.set(megabytes, made);
    made.catch(() => making.delete(megabytes));
    return made;
  }

  async function makeTemplate(image: string, megabytes: number): Promise<string> {
    if (await stat(image).catch(() => undefined)) return image;
    const draft = `${image}.draft`;
    const mountPoint = `${image}.mount`;
    await mkdir(mountPoint, { recursive: true });
    // The file system's own tables come on top, so that the function can really write what it was promised.
    const imageMegabytes = megabytes + 8 + Math.ceil(megabytes / 32);
    const script = `set -e
${path('rm')} -f ${quoteForShell(draft)}
${path('truncate')} -s ${imageMegabytes}M ${quoteForShell(draft)}
${path('mkfs.ext4')} -q -F -m 0 -i 65536 -O ^has_journal,^resize_inode ${quoteForShell(draft)}
${path('mount')} -t ext4 -o loop ${quoteForShell(draft)} ${quoteForShell(mountPoint)}
${path('rmdir')} ${quoteForShell(`${mountPoint}/lost+found`)}
${path('chmod')} 1777 ${quoteForShell(mountPoint)}
${path('umount')} ${quoteForShell(mountPoint)}`;
    const unshare = findExecutable('unshare', environment) ?? 'unshare';
    const result = await runTool(unshare, ['--mount', '--propagation', 'private', '--', '/bin/sh', '-c', script]);
    await rm(mountPoint, { recursive: true, force: true });
    if (result.code !== 0) throw new Error(result.stderr.trim() || 'the image could not be made');
    await rename(draft, image);
    return image;
  }

  try {
    await template(512);
  } catch (error) {
    return { kind: 'tmpfs', reason: error instanceof Error ? error.message : String(error) };
  }
  return {
    kind: 'image',
    template,
    async prepare(environmentFolder, megabytes) {
      const image = quoteForShell(join(environmentFolder, 'tmp.ext4'));
      const mountPoint = join(environmentFolder, 'tmp');
      const source = quoteForShell(await template(megabytes));
      await mkdir(mountPoint);
      const script = [
        `${path('cp')} --sparse=always ${source} ${image}`,
        `${path('mount')} -t ext4 -o loop,nosuid,nodev ${image} ${quoteForShell(mountPoint)}`,
        `${path('rm')} -f ${image}`,
      ].join('\n');
      return { mountPoint, script };
    },
  };
}
