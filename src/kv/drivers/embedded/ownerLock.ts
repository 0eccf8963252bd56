// One process owns a data directory. The lock is a file that names its owner by process id and start time, so that what a killed
// process leaves behind is recognised, even when its id has been given to another process meanwhile.
import { link, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { systemErrorCode, UserFacingError } from '../../../base/errors.ts';
import { hexId } from '../../../base/ids.ts';
import type { Random } from '../../../base/random.ts';

export interface OwnerLock {
  release(): Promise<void>;
}

interface Owner {
  readonly pid: number;
  /** What the system says of when the process began; empty where it does not say. */
  readonly started: string;
  readonly nonce: string;
}

const lockFile = 'owner.json';
const takeoverTriesMax = 5;
const nobody: Owner = { pid: 0, started: '', nonce: '' };

/** Takes the directory for this process, or throws a {@link UserFacingError} that names the process which has it. */
export async function acquireOwnerLock(folder: string, random: Random): Promise<OwnerLock> {
  const path = join(folder, lockFile);
  const owner: Owner = { pid: process.pid, started: await readStartTime(process.pid), nonce: hexId(random, 16) };
  const draft = `${path}.${process.pid}.${owner.nonce}`;
  await writeFile(draft, JSON.stringify(owner), { mode: 0o600 });
  try {
    // A link either creates the complete file or finds one there; no reader ever sees half of it.
    for (let tries = 1; !(await tryLink(draft, path)); tries += 1) {
      if (await takeOver(folder, path, draft)) break;
      if (tries === takeoverTriesMax) throw new UserFacingError(`the data directory ${folder} is being opened by several processes`);
    }
  } finally {
    await rm(draft, { force: true });
  }
  return {
    async release() {
      if ((await readOwner(path))?.nonce === owner.nonce) await rm(path, { force: true });
    },
  };
}

/**
 * Replaces a dead owner's file. Only one process can link the name made of the dead owner's nonce, and it looks again before it
 * replaces anything; when that process dies too, its own nonce makes the next name.
 */
async function takeOver(folder: string, path: string, draft: string): Promise<boolean> {
  const dead = await readOwner(path);
  // Released just now: whoever links first has it.
  if (dead === undefined) return false;
  const claims: string[] = [];
  for (let holder: Owner | undefined = dead; ; holder = await readOwner(claims[claims.length - 1] ?? path)) {
    if (holder === undefined) return false;
    if (await isAlive(holder)) throw alreadyOwned(folder, holder);
    const claim = `${path}.after.${holder.nonce}`;
    if (claims.includes(claim) || claims.length === takeoverTriesMax) return false;
    claims.push(claim);
    if (await tryLink(draft, claim)) break;
  }
  const current = await readOwner(path);
  const unchanged = current?.nonce === dead.nonce && current.pid === dead.pid;
  if (unchanged) await rename(draft, path);
  // When it is not ours to replace, the claims below the last are not ours to remove.
  for (const claim of unchanged ? claims : claims.slice(-1)) await rm(claim, { force: true });
  return unchanged;
}

async function tryLink(from: string, to: string): Promise<boolean> {
  try {
    await link(from, to);
    return true;
  } catch (error) {
    if (systemErrorCode(error) === 'EEXIST') return false;
    throw error;
  }
}

async function readOwner(path: string): Promise<Owner | undefined> {
  try {
    const owner: unknown = JSON.parse(await readFile(path, 'utf8'));
    if (typeof owner !== 'object' || owner === null) return nobody;
    const { pid, started, nonce } = owner as Record<string, unknown>;
    const valid = typeof pid === 'number' && typeof started === 'string' && typeof nonce === 'string' && /^[0-9a-f]+$/.test(nonce);
    return valid ? { pid, started, nonce } : nobody;
  } catch (error) {
    if (systemErrorCode(error) === 'ENOENT') return undefined;
    // Cut short by a power failure.
    if (error instanceof SyntaxError) return nobody;
    throw error;
  }
}

async function isAlive({ pid, started }: Owner): Promise<boolean> {
  if (pid <= 0) return false;
  try {
    process.kill(pid, 0);
  } catch (error) {
    // EPERM: it lives, under another user.
    if (systemErrorCode(error) !== 'EPERM') return false;
  }
  return started === '' || (await readStartTime(pid)) === started;
}

// Field 22 of /proc/PID/stat counts ticks since boot (proc(5)); the boot id tells two boots apart. Elsewhere the id must do.
async function readStartTime(pid: number): Promise<string> {
  try {
    const stat = await readFile(`/proc/${pid}/stat`, 'latin1');
    const boot = await readFile('/proc/sys/kernel/random/boot_id', 'latin1');
    // The second field is the program's name in parentheses, and may hold anything.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return `${boot.trim()}/${fields[19] ?? ''}`;
  } catch {
    return '';
  }
}

function alreadyOwned(folder: string, { pid }: Owner): UserFacingError {
  return new UserFacingError(`the data directory ${folder} is in use by process ${pid}`, 'stop that process, or choose another directory');
}
