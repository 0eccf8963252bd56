// The classes that every function in Java loads before its own, parsed and linked once for each Java and put beside the client's jars,
// where every function maps them and none can write. Made from the pinned jars and the Java alone, in a sandbox, by the list of `pins/`: no code of
// a function has a hand in it. It is two thirds of a cold start.
import type { ChildProcess } from 'node:child_process';
import { statSync } from 'node:fs';
import { chmod, mkdtemp, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { hexId } from '../../base/ids.ts';
import type { Logger } from '../../base/log.ts';
import { packageRoot } from '../../base/packageRoot.ts';
import type { Random } from '../../base/random.ts';
import type { InstalledInterpreter } from '../interpreters.ts';
import { dropPrivileges, isolation } from '../launcher/bubblewrapArguments.ts';
import { deviceMounts, foldersAbove, systemMounts } from '../launcher/systemFiles.ts';
import { findExecutable, quoteForShell } from '../launcher/tools.ts';
import type { ProcessEnvironment } from '../launcher/tools.ts';
import { readResult } from '../fetching/readResult.ts';
import { classPath, javaPackagesPath, majorOf, sharedArchiveName } from './javaCommand.ts';
import { oldestSharing, sharedArchiveBytesMax, sharedArchiveMs } from './limits.ts';

export interface SharedArchivesOptions {
  readonly environment: ProcessEnvironment;
  readonly isRoot: boolean;
  /** Whether bubblewrap works here. */
  readonly isConfined: boolean;
  readonly random: Random;
  readonly log: Logger;
}

export interface SharedArchives {
  /** Makes the archive for a Java unless it is there; functions that start meanwhile do without. Resolves when that is over, never rejects. */
  ensure(packagesFolder: string, java: InstalledInterpreter): Promise<void>;
  close(): void;
}

/** Nothing is made before a function needs it, and each at most once by this server. */
export function openSharedArchives(options: SharedArchivesOptions): SharedArchives {
  const made = new Map<string, Promise<void>>();
  let running: ChildProcess | undefined;
  let isClosed = false;

  async function make(packagesFolder: string, java: InstalledInterpreter): Promise<void> {
    const file = join(packagesFolder, sharedArchiveName(java));
    if (isClosed || majorOf(java) < oldestSharing || statSync(file, { throwIfNoEntry: false })) return;
    const partial = `${file}.${hexId(options.random, 12)}`;
    let drafts: string | undefined;
    try {
      drafts = await mkdtemp(join(tmpdir(), 'haneul-java-'));
      const command = await archiveCommand(packagesFolder, drafts, java, options);
      if (command === undefined) return;
      const bytes = await readResult(command, { bytesMax: sharedArchiveBytesMax, timeoutMs: sharedArchiveMs, onChild: (child) => (running = child) });
      await writeFile(partial, bytes, { mode: 0o644 });
      await rename(partial, file);
      options.log.debug('an archive of Java classes is kept', { file, bytes: bytes.length });
    } catch (error) {
      await rm(partial, { force: true });
      if (!isClosed) options.log.debug('an archive of Java classes could not be made: functions load them one by one', { error: String(error) });
    } finally {
      running = undefined;
      if (drafts !== undefined) await rm(drafts, { recursive: true, force: true });
    }
  }

  return {
    ensure(packagesFolder, java) {
      const key = `${packagesFolder}\0${java.path}`;
      const making = made.get(key) ?? make(packagesFolder, java);
      made.set(key, making);
      return making;
    },
    close() {
      isClosed = true;
      running?.kill('SIGKILL');
    },
  };
}

const classList = join(packageRoot, 'src', 'sandbox', 'java', 'pins', 'classes.txt');

/** What makes the archive and prints it to descriptor 3; undefined where none can be made. The virtual machine compares the paths of the jars, so they are where functions see them. */
async function archiveCommand(packagesFolder: string, drafts: string, java: InstalledInterpreter, options: SharedArchivesOptions): Promise<readonly string[] | undefined> {
  const { environment, isRoot, isConfined } = options;
  // Without a root of its own a function has the jars elsewhere.
  if (!isConfined) return undefined;
  const dump = (folder: string, list: string, output: string): string[] => {
    // G1 alone can write the heap objects of the JDK into an archive; every collector reads them.
    const command = [java.path, '-Xshare:dump', '-XX:+UseG1GC', '-Xmx256m', `-XX:SharedClassListFile=${list}`, `-XX:SharedArchiveFile=${output}`, '-cp', classPath(packagesFolder, folder)];
    return ['/bin/sh', '-c', `${command.map(quoteForShell).join(' ')} >&2 && cat ${quoteForShell(output)} >&3`];
  };
  const list = join(drafts, 'classes.txt');
  const lines = (await readFile(classList, 'utf8')).split('\n');
  // How lambdas are told is newer than archives (JDK 16).
  await writeFile(list, lines.filter((line) => majorOf(java) >= 17 || !line.startsWith('@')).join('\n'), { mode: 0o644 });
  await chmod(drafts, 0o755);
  const [bwrap, prlimit, setpriv] = ['bwrap', 'prlimit', 'setpriv'].map((name) => findExecutable(name, environment));
  if (bwrap === undefined || prlimit === undefined || (isRoot && setpriv === undefined)) return undefined;
  return [
    bwrap, ...isolation(isRoot), ...systemMounts(), ...foldersAbove([...java.extraPaths, `${javaPackagesPath}/jars`]), ...java.extraPaths.flatMap((path) => ['--ro-bind', path, path]),
    '--proc', '/proc', ...deviceMounts(isRoot), '--ro-bind', packagesFolder, javaPackagesPath, '--ro-bind', list, '/var/runtime/classes.txt',
    '--perms', '1777', '--tmpfs', '/tmp', '--remount-ro', '/', '--chdir', '/', '--',
    ...dropPrivileges({ prlimit, setpriv }, isRoot ? nobody : undefined), ...dump(javaPackagesPath, '/var/runtime/classes.txt', '/tmp/archive.jsa'),
  ];
}

/** The user that owns nothing, on every Linux. */
const nobody = 65_534;
