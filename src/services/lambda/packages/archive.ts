// Unpacks a deployment package into a folder that functions will see as /var/task. The archive is hostile input: nothing it
// names may be written or may point outside of the folder, and nothing it claims about sizes is believed.
import { chmodSync, closeSync, createWriteStream, fchmodSync, mkdirSync, openSync, symlinkSync, writeSync } from 'node:fs';
import { dirname, join, posix } from 'node:path';
import { Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { inflateRawSync } from 'node:zlib';
import yauzl from 'yauzl';
import type { Entry, ZipFile } from 'yauzl';
import { crc32 } from '../../../base/crc32.ts';
import { systemErrorCode } from '../../../base/errors.ts';

export interface ArchiveLimits {
  readonly unzippedBytesMax: number;
  readonly entriesMax: number;
  readonly pathBytesMax: number;
}

export type UnpackResult =
  | {
      readonly kind: 'unpacked';
      readonly unzippedBytes: number;
      readonly entries: number;
      /** Of the programs and libraries inside (`x86_64`, `arm64`, or another by its number); empty for a package of scripts. */
      readonly nativeArchitectures: readonly string[];
      /** Python versions (`3.12`) that extension modules inside were built for; empty where there are none, or only of the stable ABI. */
      readonly nativePythons: readonly string[];
      /** The newest Java (17) that a class outside of jars was compiled for; absent where there are none. */
      readonly javaRelease?: number;
    }
  /** `detail` is for our log; AWS says the same of all broken archives. */
  | { readonly kind: 'refused'; readonly reason: 'broken' | 'too-large' | 'empty'; readonly detail: string };

type RefusalReason = Extract<UnpackResult, { kind: 'refused' }>['reason'];

/** Unpacks the zip archive in `archive` into the empty folder `target`. On a refusal the folder holds some of it and must be removed. */
export async function unpackArchive(archive: Uint8Array, target: string, limits: ArchiveLimits): Promise<UnpackResult> {
  try {
    const opened = await openArchive(archive);
    const plan = planEntries(await readDirectory(opened.zip, limits), limits);
    const tally: Tally = { remainingBytes: limits.unzippedBytesMax, architectures: new Set(), javaRelease: 0 };
    await writeEntries(opened, plan, target, tally);
    const unzippedBytes = limits.unzippedBytesMax - tally.remainingBytes;
    return { kind: 'unpacked', unzippedBytes, entries: plan.length, nativeArchitectures: [...tally.architectures].sort(), nativePythons: pythonsOf(plan), ...(tally.javaRelease === 0 ? {} : { javaRelease: tally.javaRelease }) };
  } catch (error) {
    if (error instanceof Refusal) return { kind: 'refused', reason: error.reason, detail: error.message };
    if (isHostFault(error)) throw error;
    // What is left is the archive's: names that this file system cannot hold, or takes for the same.
    if (systemErrorCode(error) !== undefined) return { kind: 'refused', reason: 'broken', detail: String(error) };
    throw error;
  }
}

function isHostFault(error: unknown): boolean {
  return ['ENOSPC', 'EDQUOT', 'EIO', 'EMFILE', 'ENFILE', 'EACCES', 'EPERM', 'EROFS', 'ENOENT'].includes(systemErrorCode(error) ?? '');
}

class Refusal extends Error {
  readonly reason: RefusalReason;

  constructor(reason: RefusalReason, detail: string) {
    super(detail);
    this.reason = reason;
  }
}

const broken = (detail: string): Refusal => new Refusal('broken', detail);

interface PlannedEntry {
  readonly entry: Entry;
  /** Relative, with "/", without "." and "..". */
  readonly path: string;
  readonly kind: 'file' | 'folder' | 'link';
  readonly executable: boolean;
}

interface Archive {
  readonly bytes: Buffer;
  readonly zip: ZipFile;
}

async function openArchive(archive: Uint8Array): Promise<Archive> {
  const bytes = Buffer.from(archive.buffer, archive.byteOffset, archive.byteLength);
  try {
    // strictFileNames: a backslash is an error instead of a second kind of slash.
    return { bytes, zip: await yauzl.fromBufferPromise(bytes, { lazyEntries: true, strictFileNames: true, validateEntrySizes: true }) };
  } catch (error) {
    throw broken(String(error));
  }
}

async function readDirectory(zip: ZipFile, limits: ArchiveLimits): Promise<Entry[]> {
  if (zip.entryCount > limits.entriesMax) throw broken(`more than ${limits.entriesMax} entries`);
  const entries: Entry[] = [];
  let declaredBytes = 0;
  try {
    for await (const entry of zip.eachEntry()) {
      entries.push(entry);
      declaredBytes += entry.uncompressedSize;
      if (entries.length > limits.entriesMax) throw broken(`more than ${limits.entriesMax} entries`);
      if (declaredBytes > limits.unzippedBytesMax) throw new Refusal('too-large', 'the directory declares more than the limit');
    }
  } catch (error) {
    throw error instanceof Refusal ? error : broken(String(error));
  }
  if (entries.length === 0) throw new Refusal('empty', 'no entries');
  return entries;
}

/** Decides what every entry becomes, before the first byte is written. */
function planEntries(entries: readonly Entry[], limits: ArchiveLimits): PlannedEntry[] {
  const plan: PlannedEntry[] = [];
  const kinds = new Map<string, PlannedEntry['kind']>();
  for (const entry of entries) {
    const path = normalisePath(entry.fileName, limits);
    if (path === '') continue;
    if (entry.isEncrypted()) throw broken(`encrypted entry ${path}`);
    if (entry.compressionMethod !== 0 && entry.compressionMethod !== 8) throw broken(`compression method ${entry.compressionMethod} of ${path}`);
    const kind = kindOf(entry, path);
    const earlier = kinds.get(path);
    if (earlier !== undefined && !(earlier === 'folder' && kind === 'folder')) throw broken(`duplicate name ${path}`);
    if (earlier !== undefined) continue;
    kinds.set(path, kind);
    plan.push({ entry, path, kind, executable: (unixModeOf(entry) & 0o111) !== 0 });
  }
  for (const { path } of plan) requireFoldersAbove(path, kinds);
  return plan;
}

function normalisePath(name: string, limits: ArchiveLimits): string {
  if (Buffer.byteLength(name) > limits.pathBytesMax) throw broken('a path is too long');
  if (name.includes('\0')) throw broken('a path holds a NUL');
  if (name.startsWith('/')) throw broken(`absolute path ${name}`);
  const parts = name.split('/').filter((part) => part !== '' && part !== '.');
  if (parts.includes('..')) throw broken(`path ${name} leads outside`);
  return parts.join('/');
}

// Zip keeps Unix modes in the upper half of the external attributes, when the maker was Unix (3) or macOS (19).
function unixModeOf(entry: Entry): number {
  const maker = entry.versionMadeBy >>> 8;
  return maker === 3 || maker === 19 ? entry.externalFileAttributes >>> 16 : 0;
}

function kindOf(entry: Entry, path: string): PlannedEntry['kind'] {
  const type = unixModeOf(entry) & 0o170000;
  if (type === 0o120000) return 'link';
  if (entry.fileName.endsWith('/') || type === 0o040000) return 'folder';
  if (type === 0 || type === 0o100000) return 'file';
  throw broken(`${path} is a device, pipe or socket`);
}

// An entry below a link would be written through it, and one below a file cannot exist.
function requireFoldersAbove(path: string, kinds: ReadonlyMap<string, PlannedEntry['kind']>): void {
  for (let parent = posix.dirname(path); parent !== '.'; parent = posix.dirname(parent)) {
    const kind = kinds.get(parent);
    if (kind !== undefined && kind !== 'folder') throw broken(`${path} lies below the ${kind} ${parent}`);
  }
}

// PEP 3149: `name.cpython-312-x86_64-linux-gnu.so`; `name.abi3.so` loads in every later version.
function pythonsOf(plan: readonly PlannedEntry[]): string[] {
  const versions = new Set<string>();
  for (const { path } of plan) {
    const [, major, minor] = /\.cpython-(\d)(\d{1,2})[a-z]*-[^/]*\.so$/.exec(path) ?? [];
    if (minor !== undefined) versions.add(`${major}.${minor}`);
  }
  return [...versions].sort((a, b) => a.localeCompare(b, 'en', { numeric: true }));
}

/** What has come out of an archive so far. */
interface Tally {
  remainingBytes: number;
  readonly architectures: Set<string>;
  javaRelease: number;
}

async function writeEntries({ zip, bytes }: Archive, plan: readonly PlannedEntry[], target: string, tally: Tally): Promise<void> {
  const folders = new Set<string>(['.']);
  for (const item of plan) {
    if (item.kind === 'folder') makeFolder(target, item.path, folders);
    if (item.kind !== 'file') continue;
    makeFolder(target, posix.dirname(item.path), folders);
    const path = join(target, item.path);
    if (isSmall(item.entry)) writeSmall(path, item, readSmall(bytes, item, tally));
    else await writeLarge(path, item, await openEntry(zip, item.entry), tally);
  }
  // Links come last, so that nothing is written through one.
  for (const item of plan) {
    if (item.kind !== 'link') continue;
    makeFolder(target, posix.dirname(item.path), folders);
    symlinkSync(readLinkTarget(bytes, item, tally), join(target, item.path));
  }
}

// This runs in a thread of its own (unpackTask.ts), where waiting costs nobody anything: packages have thousands of small files,
// and for each a handful of calls that return at once is a hundred times faster than as many trips to the thread pool.
function writeSmall(path: string, { executable }: PlannedEntry, content: Buffer): void {
  // `wx` also finds names that only this file system takes for the same (case, Unicode forms).
  const file = openSync(path, 'wx', modeOf(executable));
  try {
    for (let at = 0; at < content.length; ) at += writeSync(file, content, at);
    // The process's umask must not decide what a sandbox's user may read.
    fchmodSync(file, modeOf(executable));
  } finally {
    closeSync(file);
  }
}

async function writeLarge(path: string, item: PlannedEntry, content: NodeJS.ReadableStream, tally: Tally): Promise<void> {
  const output = createWriteStream(path, { flags: 'wx', mode: modeOf(item.executable) });
  await pipeline(content, checkContent(item, tally), output).catch((error: unknown) => {
    throw error instanceof Refusal || isHostFault(error) ? error : broken(String(error));
  });
  chmodSync(path, modeOf(item.executable));
}

function modeOf(executable: boolean): number {
  return executable ? 0o755 : 0o644;
}

function makeFolder(target: string, path: string, made: Set<string>): void {
  if (made.has(path)) return;
  makeFolder(target, dirname(path), made);
  const full = join(target, path);
  mkdirSync(full, { recursive: true });
  chmodSync(full, 0o755);
  made.add(path);
}

async function openEntry(zip: ZipFile, entry: Entry): Promise<NodeJS.ReadableStream> {
  try {
    return await zip.openReadStreamPromise(entry);
  } catch (error) {
    throw broken(String(error));
  }
}

/** What is unpacked in memory; larger files are streamed. */
const smallBytesMax = 1024 * 1024;

function isSmall({ uncompressedSize, compressedSize }: Entry): boolean {
  return uncompressedSize <= smallBytesMax && compressedSize <= smallBytesMax;
}

const localHeaderBytes = 30;

/** The content of a small entry, of the size that its directory says. */
function readSmall(bytes: Buffer, { entry, path }: PlannedEntry, tally: Tally): Buffer {
  const at = entry.relativeOffsetOfLocalHeader;
  if (at + localHeaderBytes > bytes.length || bytes.readUInt32LE(at) !== 0x04034b50) throw broken(`no local header of ${path}`);
  const start = at + localHeaderBytes + bytes.readUInt16LE(at + 26) + bytes.readUInt16LE(at + 28);
  if (start + entry.compressedSize > bytes.length) throw broken(`${path} is cut off`);
  const stored = bytes.subarray(start, start + entry.compressedSize);
  const content = entry.compressionMethod === 0 ? stored : inflateSmall(stored, entry.uncompressedSize, path);
  if (content.length !== entry.uncompressedSize) throw broken(`size of ${path}`);
  tally.remainingBytes -= content.length;
  if (tally.remainingBytes < 0) throw new Refusal('too-large', 'the content is larger than the limit');
  if (crc32(content) !== entry.crc32) throw broken(`checksum of ${path}`);
  noteArchitecture(content, tally);
  noteJavaRelease(content, path, tally);
  return content;
}

function inflateSmall(stored: Buffer, size: number, path: string): Buffer {
  try {
    return inflateRawSync(stored, { maxOutputLength: Math.max(1, size) });
  } catch (error) {
    throw broken(`${path}: ${String(error)}`);
  }
}

/** Counts and checksums what really comes out. */
function checkContent(item: PlannedEntry, tally: Tally): Transform {
  let checksum = 0;
  let isStart = true;
  return new Transform({
    transform(chunk: Buffer, _encoding, done) {
      if (isStart) noteArchitecture(chunk, tally);
      isStart = false;
      tally.remainingBytes -= chunk.length;
      if (tally.remainingBytes < 0) return done(new Refusal('too-large', 'the content is larger than the limit'));
      checksum = crc32(chunk, checksum);
      done(null, chunk);
    },
    flush(done) {
      done(checksum === item.entry.crc32 ? null : broken(`checksum of ${item.path}`));
    },
  });
}

// The head of an ELF file: magic, then e_machine at byte 18 (System V ABI, "ELF Header"). The first chunk holds it unless the
// compressor was told to make tiny blocks; then the kernel's own error is all there is.
function noteArchitecture(head: Buffer, tally: Tally): void {
  if (head.length < 20 || head.readUInt32BE(0) !== 0x7f454c46) return;
  const machine = head.readUInt16LE(18);
  tally.architectures.add(machine === 0x3e ? 'x86_64' : machine === 0xb7 ? 'arm64' : String(machine));
}

// Java Virtual Machine specification, 4.1: magic, minor version, major version, which is 44 more than the release. What a multi-release jar has for later ones is not
// loaded by earlier ones.
function noteJavaRelease(content: Buffer, path: string, tally: Tally): void {
  if (!path.endsWith('.class') || path.startsWith('META-INF/') || path.endsWith('module-info.class')) return;
  if (content.length > 8 && content.readUInt32BE(0) === 0xcafebabe) tally.javaRelease = Math.max(tally.javaRelease, content.readUInt16BE(6) - 44);
}

const linkTargetBytesMax = 4_096;

function readLinkTarget(bytes: Buffer, item: PlannedEntry, tally: Tally): string {
  if (item.entry.uncompressedSize > linkTargetBytesMax || !isSmall(item.entry)) throw broken(`target of ${item.path} is too long`);
  const text = readSmall(bytes, item, tally).toString('utf8');
  requireTargetInside(item.path, text);
  return text;
}

// The link's own folder is a real folder, so leading ".." steps are exact; after them the path only descends, and every
// link it can pass was checked in the same way. A ".." further in could climb out of the folder that a link leads to.
function requireTargetInside(path: string, target: string): void {
  const parts = target.split('/');
  const firstName = parts.findIndex((part) => part !== '..' && part !== '.' && part !== '');
  const climbs = parts.slice(0, firstName < 0 ? parts.length : firstName).filter((part) => part === '..').length;
  const depth = path.split('/').length - 1;
  const climbsLater = firstName >= 0 && parts.slice(firstName).includes('..');
  if (target === '' || target.includes('\0') || target.startsWith('/') || climbsLater || climbs > depth) {
    throw broken(`link ${path} leads outside`);
  }
}
