import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join, sep } from 'node:path';
import { zipSync, type Zippable } from 'fflate';
import { packageRoot } from '../../src/base/packageRoot.ts';

const unix = 3;
const regularFile = 0o100000;

/** A package made of text files. What begins with `#!` is executable, as `bootstrap` has to be. */
export function zipFiles(files: Readonly<Record<string, string | Uint8Array>>): Uint8Array {
  const entries: Zippable = {};
  for (const [name, content] of Object.entries(files)) {
    const bytes = typeof content === 'string' ? Buffer.from(content) : content;
    const mode = bytes[0] === 0x23 && bytes[1] === 0x21 ? 0o755 : 0o644;
    entries[name] = [new Uint8Array(bytes), { os: unix, attrs: (regularFile | mode) << 16, mtime: new Date('2026-01-01T00:00:00Z') }];
  }
  return zipSync(entries);
}

/** A package made of every file under a folder. */
export function zipFolder(folder: string): Uint8Array {
  const files: Record<string, Uint8Array> = {};
  for (const name of readdirSync(folder, { recursive: true }) as string[]) {
    if (statSync(join(folder, name)).isFile()) files[name.split(sep).join('/')] = readFileSync(join(folder, name));
  }
  return zipFiles(files);
}

/** The package of `test/fixtures/functions/<runtime>/<name>/`. */
export function zipFixture(runtime: 'node' | 'python' | 'custom', name: string): Uint8Array {
  return zipFolder(join(packageRoot, 'test', 'fixtures', 'functions', runtime, name));
}
