// What a server and its functions have on a machine: processes, mounts, control groups, sockets and files. Linux only.

import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export interface Watch {
  /** The processes below the server at this moment, and what of the machine's memory is theirs. */
  look(): { readonly processes: number; readonly bytes: number };
  /** What is still there of everything that was seen, and of what bears its name. */
  listLeft(): readonly string[];
}

/** Follows one server, whose own files are below `folder`; others on the same machine do not count. */
export function watchServer(root: number, folder: string): Watch {
  const seen = new Set<string>();
  const instances = new Set<string>();
  const isOurs = (text: string): boolean => text.includes(folder) || [...instances].some((name) => text.includes(name));

  return {
    look() {
      const below = listBelow(root);
      for (const pid of below) {
        seen.add(identityOf(pid));
        for (const [name] of read(`/proc/${pid}/cgroup`).matchAll(/haneul-[0-9a-f]{12}/g)) instances.add(name);
      }
      const pss = (pid: number): number => Number(/^Pss:\s+(\d+) kB/m.exec(read(`/proc/${pid}/smaps_rollup`))?.[1] ?? 0) * 1_024;
      return { processes: below.length, bytes: below.reduce((sum, pid) => sum + pss(pid), 0) };
    },
    listLeft() {
      const processes = pids().filter((pid) => seen.has(identityOf(pid)) || isOurs(read(`/proc/${pid}/cgroup`)));
      const mounts = read('/proc/self/mountinfo').split('\n').filter(isOurs).map((line) => line.split(' ')[4] ?? line);
      const sockets = read('/proc/net/unix').split('\n').filter(isOurs).map((line) => line.split(/\s+/).slice(7).join(' '));
      const files = [...(existsSync(folder) ? (readdirSync(folder, { recursive: true }) as string[]) : []), ...readdirSync(tmpdir()).map((name) => join(tmpdir(), name)).filter((path) => path !== folder && isOurs(path))];
      return [
        ...processes.map((pid) => `process ${pid}: ${read(`/proc/${pid}/cmdline`).replaceAll('\0', ' ').slice(0, 100)}`),
        ...mounts.map((path) => `mount ${path}`),
        ...listGroups('/sys/fs/cgroup', 3).filter(isOurs).map((path) => `control group ${path}`),
        ...sockets.map((path) => `socket ${path}`),
        ...files.map((path) => `file ${path}`),
      ];
    },
  };
}

/** Memory that is a process's own: not the pages of its files, of which the store has many. */
export function ownBytes(pid: number): number {
  return Number(/^RssAnon:\s+(\d+) kB/m.exec(read(`/proc/${pid}/status`))?.[1] ?? 0) * 1_024;
}

function listBelow(root: number): number[] {
  const parents = new Map(pids().map((pid) => [pid, Number(/^PPid:\s+(\d+)/m.exec(read(`/proc/${pid}/status`))?.[1] ?? 0)]));
  const isBelow = (pid: number | undefined): boolean => pid !== undefined && pid > 1 && (parents.get(pid) === root || isBelow(parents.get(pid)));
  return [...parents.keys()].filter(isBelow);
}

/** A number and when it was given: numbers come again. */
function identityOf(pid: number): string {
  const fields = read(`/proc/${pid}/stat`).split(') ').at(-1)?.split(' ');
  return `${pid} ${fields?.[19] ?? 'gone'}`;
}

function listGroups(folder: string, depth: number): string[] {
  if (depth === 0) return [];
  try {
    return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => (entry.isDirectory() ? [join(folder, entry.name), ...listGroups(join(folder, entry.name), depth - 1)] : []));
  } catch {
    // Gone meanwhile.
    return [];
  }
}

const pids = (): number[] => readdirSync('/proc').map(Number).filter((pid) => pid > 0);

function read(path: string): string {
  try {
    return readFileSync(path, 'latin1');
  } catch {
    // Gone meanwhile.
    return '';
  }
}
