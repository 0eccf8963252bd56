import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { SdkFamily } from './openSdkStore.ts';
import { searchedBytesMax, searchedFilesMax } from './limits.ts';

const marks: Readonly<Record<SdkFamily, { readonly files: RegExp; readonly text: RegExp; readonly bundled: string }>> = {
  node: { files: /\.[cm]?[jt]s$/, text: /@aws-sdk\/|@smithy\//, bundled: join('node_modules', '@aws-sdk') },
  python: { files: /\.py$/, text: /\b(boto3|botocore)\b/, bundled: 'boto3' },
};

/**
 * Whether code in these folders speaks of the SDK and does not bring it along. It decides who waits for a download and nothing
 * else: once there, the SDK is shown to every function.
 */
export async function usesSdk(folders: readonly string[], family: SdkFamily): Promise<boolean> {
  const { files, text, bundled } = marks[family];
  let filesLeft = searchedFilesMax;
  let bytesLeft = searchedBytesMax;

  async function search(folder: string): Promise<boolean> {
    for (const entry of await readdir(folder, { withFileTypes: true })) {
      const path = join(folder, entry.name);
      if (entry.isDirectory() ? await search(path) : entry.isFile() && files.test(entry.name) && (await mentions(path))) return true;
    }
    return false;
  }

  async function mentions(path: string): Promise<boolean> {
    filesLeft -= 1;
    bytesLeft -= (await stat(path)).size;
    if (filesLeft < 0 || bytesLeft < 0) return true;
    return text.test(await readFile(path, 'latin1'));
  }

  const [task] = folders;
  if (task !== undefined && (await isFolder(join(task, bundled)))) return false;
  for (const folder of folders) if (await search(folder)) return true;
  return false;
}

const isFolder = (path: string): Promise<boolean> => stat(path).then((found) => found.isDirectory(), () => false);
