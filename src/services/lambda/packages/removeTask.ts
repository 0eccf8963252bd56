// Takes an unpacked package away. In a worker thread, because a package may be thousands of files, and each of them is a call.
import { rmSync } from 'node:fs';

export interface RemoveInput {
  readonly folder: string;
}

/** Removes a folder with everything in it; one that is gone already is no error. */
export function run({ folder }: RemoveInput): void {
  rmSync(folder, { recursive: true, force: true });
}
