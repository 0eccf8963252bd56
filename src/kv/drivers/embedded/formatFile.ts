import { open, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { systemErrorCode, UserFacingError } from '../../../base/errors.ts';

/** Raised by whatever makes older programs misread a data directory. */
const format = 1;
const formatFile = 'format.json';

/** Makes sure that `folder` is in this program's format; marks a new one. */
export async function requireFormat(folder: string): Promise<void> {
  const found = await readFormat(folder);
  if (found === undefined) return writeFormat(folder);
  if (found === format) return;
  const [age, hint] =
    found > format
      ? ['a newer version of haneul', 'start that version, or choose another directory']
      : ['an older version of haneul', 'this version cannot read it: choose another directory'];
  throw new UserFacingError(`the data directory ${folder} was made by ${age} (its format is ${found}, not ${format})`, hint);
}

/** Marks `folder` as being in this program's format. */
export async function writeFormat(folder: string): Promise<void> {
  const file = await open(join(folder, formatFile), 'w', 0o600);
  try {
    await file.writeFile(`${JSON.stringify({ format })}\n`);
    await file.datasync();
  } finally {
    await file.close();
  }
}

async function readFormat(folder: string): Promise<number | undefined> {
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
  const number = typeof found === 'object' && found !== null && 'format' in found ? found.format : undefined;
  if (typeof number !== 'number') {
    throw new UserFacingError(`${join(folder, formatFile)} is not a haneul format file`, 'choose another directory');
  }
  return number;
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
