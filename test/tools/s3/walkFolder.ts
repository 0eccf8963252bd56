import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

/** What every client puts first, and reads again. */
export const text = '하늘 & <sky>';

/** Keys that one part or another of a client, a proxy or a server likes to spoil; in the order of their UTF-8, as S3 lists. */
export const oddKeys = [
  "odd/!it's (1) *~.txt",
  'odd/%41 is not A',
  'odd/&<>"=?#;:@,$',
  'odd/a+b c.txt',
  'odd/a//b',
  'odd/a\\b|c^`{}[]',
  'odd/ünïcode',
  'odd/사진 하늘.jpg',
  'odd/😀.png',
];

export const pageKeys = Array.from({ length: 25 }, (_, at) => `pages/${String(at).padStart(2, '0')}`);

/** Three parts of 5 MiB, the last shorter; every block differs, so that parts in the wrong order are another file. */
export const bigFile = Buffer.alloc(12 * 2 ** 20);
for (let at = 0; at < bigFile.length; at += 4) bigFile.writeUInt32LE(Math.imul(at, 2_654_435_761) >>> 0, at);

export const treeFiles: Readonly<Record<string, string>> = { 'one.txt': 'one', 'deep/er/two.txt': 'two', 'deep/하늘 +3.txt': 'three' };

export interface WalkFolder {
  readonly path: string;
  remove(): void;
}

/** The files that clients take along: `big.bin`, `text.txt`, `keys.txt` and the small tree `tree/`. */
export function makeWalkFolder(): WalkFolder {
  const path = mkdtempSync(join(tmpdir(), 'haneul-s3-walk-'));
  writeFileSync(join(path, 'big.bin'), bigFile);
  writeFileSync(join(path, 'text.txt'), text);
  writeFileSync(join(path, 'keys.txt'), oddKeys.join('\n'));
  for (const [name, content] of Object.entries(treeFiles)) {
    const file = join(path, 'tree', name);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, content);
  }
  return { path, remove: () => rmSync(path, { recursive: true, force: true }) };
}
