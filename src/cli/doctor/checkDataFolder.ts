import { existsSync, readFileSync } from 'node:fs';
import { access, constants, mkdtemp, open, rm, statfs } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { systemErrorCode } from '../../base/errors.ts';
import { parseJson } from '../serverConnection.ts';
import type { Check } from './check.ts';

const name = 'Data directory';
const choose = 'choose another: npx haneul start --data-dir DIR, or keep nothing: --memory';

/** Whether the directory can hold data that must survive: writable, on a disk, with space, in a format we read. */
export async function checkDataFolder(folder: string): Promise<Check[]> {
  const home = nearestExisting(folder);
  try {
    await access(home, constants.W_OK | constants.X_OK);
    await tryWrite(home);
  } catch (error) {
    return [{ name, state: 'fail', text: `${folder} cannot be written (${systemErrorCode(error) ?? String(error)})`, remedy: choose }];
  }
  const { type, bavail, bsize } = await statfs(home);
  return [judgeFileSystem(folder, process.platform === 'linux' ? Number(type) : undefined), judgeSpace(Number(bavail) * Number(bsize)), ...judgeFormat(folder)];
}

// File system numbers of statfs(2).
const volatileTypes: Readonly<Record<number, string>> = { 0x01021994: 'tmpfs', 0x858458f6: 'ramfs' };
const remoteTypes: Readonly<Record<number, string>> = { 0x6969: 'NFS', 0xff534d42: 'CIFS', 0xfe534d42: 'SMB', 0x01021997: '9p', 0x65735546: 'FUSE' };

/** What the kind of file system means for what is acknowledged as durable. */
export function judgeFileSystem(folder: string, type: number | undefined): Check {
  // The kernel hands the number out signed on some machines.
  const unsigned = type === undefined ? 0 : type >>> 0;
  const inMemory = volatileTypes[unsigned];
  if (inMemory) return { name, state: 'warn', text: `${folder} is in memory (${inMemory}): nothing survives a restart of the machine`, remedy: choose };
  const remote = remoteTypes[unsigned];
  if (remote) return { name, state: 'warn', text: `${folder} is on ${remote}, which may not keep what it has confirmed`, remedy: `use a local disk; ${choose}` };
  return { name, state: 'ok', text: `${folder} is writable` };
}

const megabyte = 1024 * 1024;

/** Free space: the store stops taking writes when the disk is full. */
export function judgeSpace(bytes: number): Check {
  const text = bytes >= 1024 * megabyte ? `${(bytes / megabyte / 1024).toFixed(1)} GB free` : `${Math.floor(bytes / megabyte)} MB free`;
  const state = bytes < 100 * megabyte ? 'fail' : bytes < 1024 * megabyte ? 'warn' : 'ok';
  return { name: 'Free space', state, text, ...(state === 'ok' ? {} : { remedy: `make room on that disk; ${choose}` }) };
}

// The number that kv/drivers/embedded writes; a start refuses another, and says so in the same words.
function judgeFormat(folder: string): Check[] {
  const path = join(folder, 'store', 'format.json');
  if (!existsSync(path)) return [{ name: 'Data format', state: 'ok', text: 'new: nothing is stored yet' }];
  const content = parseJson(readFileSync(path));
  const format = typeof content === 'object' && content !== null && 'format' in content ? content.format : undefined;
  if (format === 1) return [{ name: 'Data format', state: 'ok', text: 'version 1' }];
  return [{ name: 'Data format', state: 'fail', text: `${path} is not in a format that this version reads`, remedy: choose }];
}

function nearestExisting(folder: string): string {
  let path = folder;
  while (!existsSync(path) && dirname(path) !== path) path = dirname(path);
  return path;
}

async function tryWrite(folder: string): Promise<void> {
  const draft = await mkdtemp(join(folder, '.haneul-doctor-'));
  try {
    const file = await open(join(draft, 'probe'), 'wx', 0o600);
    await file.writeFile('probe').finally(() => file.close());
  } finally {
    await rm(draft, { recursive: true, force: true });
  }
}
