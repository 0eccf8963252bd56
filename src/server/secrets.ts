import { createHmac, timingSafeEqual } from 'node:crypto';
import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { systemErrorCode, UserFacingError } from '../base/errors.ts';
import { iamId } from '../base/ids.ts';
import type { Random } from '../base/random.ts';

const sealKeyBytes = 32;
/** The file of the seal key in a data folder, and its name in a snapshot. */
export const sealKeyName = 'seal.key';

// Tells whether a key that the operator gives is the one that the data was written with; tells nothing about it.
const sealCheckName = 'seal.check';

/**
 * The key that settings, secrets and KMS keys are encrypted with at rest. The operator keeps it (`keyFile`); otherwise it is made once and
 * kept beside the data with mode 0600. In memory it lives as long as the server.
 */
export function loadSealKey(dataFolder: string | undefined, random: Random, keyFile?: string): Buffer {
  if (keyFile !== undefined) return loadGivenKey(dataFolder, keyFile);
  if (dataFolder === undefined) return random.bytes(sealKeyBytes);
  if (existsSync(join(dataFolder, sealCheckName))) {
    throw new UserFacingError(`What is in ${dataFolder} was encrypted with a key that is not kept there.`, 'Start with --seal-key-file FILE, as before.');
  }
  return loadOrCreate(join(dataFolder, sealKeyName), () => random.bytes(sealKeyBytes));
}

function loadGivenKey(dataFolder: string | undefined, keyFile: string): Buffer {
  const key = readKeyFile(keyFile);
  if (dataFolder === undefined) return key;
  const own = join(dataFolder, sealKeyName);
  if (existsSync(own) && !readFileSync(own).equals(key)) {
    throw new UserFacingError(`What is in ${dataFolder} was encrypted with the key in ${own}, not with that in ${keyFile}.`, `To keep the data, give a file with the bytes of ${own}, and then delete ${own}.`);
  }
  const check = createHmac('sha256', key).update('haneul seal key').digest();
  const known = loadOrCreate(join(dataFolder, sealCheckName), () => check);
  if (known.length !== check.length || !timingSafeEqual(known, check)) {
    throw new UserFacingError(`The key in ${keyFile} is not the one that ${dataFolder} was encrypted with.`, 'Give the file that the server was first started with.');
  }
  return key;
}

function readKeyFile(keyFile: string): Buffer {
  let content: Buffer;
  try {
    content = readFileSync(keyFile);
  } catch (error) {
    throw new UserFacingError(`The seal key ${keyFile} cannot be read (${systemErrorCode(error) ?? 'unknown error'}).`, 'Make one with: openssl rand -base64 32');
  }
  const key = content.length === sealKeyBytes ? content : Buffer.from(content.toString('latin1').trim(), 'base64');
  if (key.length !== sealKeyBytes) throw new UserFacingError(`The seal key ${keyFile} is not ${sealKeyBytes} bytes, plain or in base64.`, 'Make one with: openssl rand -base64 32');
  return key;
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
