import { open, readFile, rename } from 'node:fs/promises';
import { join } from 'node:path';
import { systemErrorCode, UserFacingError } from '../../../base/errors.ts';

const formatFile = 'format.json';

interface FormatMark {
  /** The newest format of which anything may be in the directory. */
  readonly format: number;
  /** Given while an upgrade is under way: what has been reached for good. */
  readonly from?: number;
}

/**
 * The format that `folder` is in, as far as whole upgrades have come; marks a new one as `wanted`. Refuses what is newer, and what nothing
 * leads on from.
 */
export async function requireFormat(folder: string, wanted: number): Promise<number> {
  const found = await readFormat(folder);
  if (found === undefined) {
    await writeFormat(folder, { format: wanted });
    return wanted;
  }
  const { format, from = format } = found;
  if (format <= wanted && from >= 1) return from;
  const [age, hint] =
    format > wanted
      ? ['a newer version of haneul', 'start that version, or choose another directory']
      : ['an older version of haneul', 'this version cannot read it: choose another directory'];
  throw new UserFacingError(`the data directory ${folder} was made by ${age} (its format is ${format}, not ${wanted})`, hint);
}

/** Marks the format of `folder`: the mark of before or this one is there, whenever the power fails. */
export async function writeFormat(folder: string, mark: FormatMark): Promise<void> {
  const draft = join(folder, `${formatFile}.new`);
  const file = await open(draft, 'w', 0o600);
  try {
    await file.writeFile(`${JSON.stringify(mark)}\n`);
    await file.sync();
  } finally {
    await file.close();
  }
  await rename(draft, join(folder, formatFile));
  await syncFolder(folder);
}

/** A file that was made or renamed may be missing after a power cut until its folder has reached the disk too (fsync(2)). */
export async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

async function readFormat(folder: string): Promise<FormatMark | undefined> {
  let text: string;
  try {
    text = await readFile(join(folder, formatFile), 'utf8');
  } catch (error) {
    if (systemErrorCode(error) === 'ENOENT') return undefined;
    throw error;
  }
  // An empty file is what a power failure can leave of a directory that was never used.
  if (text === '') return undefined;
  const found: unknown = parse(text);
  const { format, from } = (typeof found === 'object' && found !== null ? found : {}) as Record<string, unknown>;
  if (typeof format !== 'number') {
    throw new UserFacingError(`${join(folder, formatFile)} is not a haneul format file`, 'choose another directory');
  }
  return typeof from === 'number' ? { format, from } : { format };
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
