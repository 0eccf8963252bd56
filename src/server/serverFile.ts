import { readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

/** What a running server leaves in its data folder, so that the command line finds it. */
export interface ServerFile {
  readonly pid: number;
  readonly endpoint: string;
  readonly startedAt: string;
}

const fileName = 'server.json';

export async function writeServerFile(dataFolder: string, content: ServerFile): Promise<void> {
  const path = join(dataFolder, fileName);
  await writeFile(`${path}.new`, `${JSON.stringify(content, null, 2)}\n`, { mode: 0o600 });
  await rename(`${path}.new`, path);
}

/** Undefined when no server has run here, or it stopped in good order. The process it names may have been killed since. */
export async function readServerFile(dataFolder: string): Promise<ServerFile | undefined> {
  try {
    return JSON.parse(await readFile(join(dataFolder, fileName), 'utf8')) as ServerFile;
  } catch {
    return undefined;
  }
}

export async function removeServerFile(dataFolder: string): Promise<void> {
  await rm(join(dataFolder, fileName), { force: true });
}
