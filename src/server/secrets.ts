import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { systemErrorCode } from '../base/errors.ts';
import { iamId } from '../base/ids.ts';
import type { Random } from '../base/random.ts';

const sealKeyBytes = 32;
/** The file of the seal key in a data folder, and its name in a snapshot. */
export const sealKeyName = 'seal.key';

/** The key that settings are encrypted with at rest: made once, kept beside the data with mode 0600; in memory it lives as long as the server. */
export function loadSealKey(dataFolder: string | undefined, random: Random): Buffer {
  if (dataFolder === undefined) return random.bytes(sealKeyBytes);
  return loadOrCreate(join(dataFolder, sealKeyName), () => random.bytes(sealKeyBytes));
}

/** Puts the key of a loaded snapshot in the place of this data folder's own. */
export function replaceSealKey(dataFolder: string, key: Uint8Array): void {
  const path = join(dataFolder, sealKeyName);
  writeFileSync(`${path}.new`, key, { mode: 0o600, flush: true });
  renameSync(`${path}.new`, path);
}

/** The administrator's key pair of a server that trusts no unknown keys. */
export interface RootKey {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
}

/** Made on the first strict start and kept in `root-key.json`, readable by the server's user only. */
export function loadRootKey(dataFolder: string | undefined, random: Random): RootKey {
  const create = (): RootKey => ({ accessKeyId: iamId(random, 'AKIA'), secretAccessKey: random.bytes(30).toString('base64') });
  if (dataFolder === undefined) return create();
  const text = loadOrCreate(join(dataFolder, 'root-key.json'), () => Buffer.from(`${JSON.stringify(create(), null, 2)}\n`));
  return JSON.parse(text.toString('utf8')) as RootKey;
}

function loadOrCreate(path: string, create: () => Buffer): Buffer {
  try {
    return readFileSync(path);
  } catch (error) {
    if (systemErrorCode(error) !== 'ENOENT') throw error;
  }
  const content = create();
  writeFileSync(path, content, { mode: 0o600, flag: 'wx', flush: true });
  return content;
}
