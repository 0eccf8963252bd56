import { existsSync, readFileSync } from 'node:fs';
import { access, constants } from 'node:fs/promises';
import { join } from 'node:path';
import type { Clock } from '../../base/clock.ts';
import type { Logger } from '../../base/log.ts';
import type { Limiter } from './limiter.ts';
import { openPolling } from './polling.ts';
import { openCgroupV1 } from './v1.ts';
import { openCgroupV2 } from './v2.ts';

export interface LimiterOptions {
  /** A name of this server's own, from its folder: tells its groups from another server's. */
  readonly instance: string;
  readonly wall: Clock;
  readonly log: Logger;
  readonly isRoot: boolean;
}

/** The strongest limits that this host lets us set. */
export async function openLimiter(options: LimiterOptions): Promise<Limiter> {
  const name = options.instance;
  const hierarchies = findHierarchies(readText('/proc/self/mountinfo'), readText('/proc/self/cgroup'));
  const { memory, cpu, pids, freezer } = hierarchies.v1;
  if (memory !== undefined && cpu !== undefined && pids !== undefined && (await areWritable([memory, cpu, pids]))) {
    return openCgroupV1({
      controllers: { memory, cpu, pids }, freezer: freezer !== undefined && (await areWritable([freezer])) ? freezer : undefined, name, wall: options.wall,
    });
  }
  for (const parent of hierarchies.v2) {
    if (!(await areWritable([parent]))) continue;
    if (!['cpu', 'memory', 'pids'].every((controller) => readText(join(parent, 'cgroup.controllers')).split(/\s+/).includes(controller))) continue;
    try {
      return await openCgroupV2({ parent, name, wall: options.wall });
    } catch (error) {
      options.log.debug('cgroup cannot be divided', { parent, error: String(error) });
    }
  }
  return openPolling({
    wall: options.wall,
    remedy: options.isRoot ? 'mount the memory, cpu and pids cgroup controllers writable' : 'systemd-run --user --scope -p Delegate=yes npm start',
  });
}

interface Hierarchies {
  readonly v1: Readonly<Record<string, string>>;
  /** Groups that may be ours to divide, best first. */
  readonly v2: readonly string[];
}

/** Where each controller is mounted and where in it we are, from the text of mountinfo and cgroup (proc(5), cgroups(7)). */
export function findHierarchies(mountinfo: string, cgroup: string): Hierarchies {
  const own = new Map<string, string>();
  for (const line of cgroup.split('\n')) {
    const [, controllers, path] = /^\d+:([^:]*):(.*)$/.exec(line) ?? [];
    if (controllers === undefined || path === undefined) continue;
    for (const controller of controllers.split(',')) own.set(controller, path);
  }
  const v1: Record<string, string> = {};
  const v2: string[] = [];
  for (const line of mountinfo.split('\n')) {
    const [before = '', after = ''] = line.split(' - ');
    const [, , , root = '/', mountPoint = ''] = before.split(' ');
    const [type, , options = ''] = after.split(' ');
    const locate = (path: string): string => join(mountPoint, root !== '/' && path.startsWith(root) ? path.slice(root.length) : path);
    if (type === 'cgroup') {
      for (const controller of ['memory', 'cpu', 'pids', 'freezer']) {
        if (!options.split(',').includes(controller)) continue;
        const folder = locate(own.get(controller) ?? '/');
        v1[controller] = existsSync(folder) ? folder : mountPoint;
      }
    } else if (type === 'cgroup2') {
      // Root may divide the top, where systemd has enabled the controllers already; others only what was delegated to them.
      v2.push(mountPoint, locate(own.get('') ?? '/'));
    }
  }
  return { v1, v2: [...new Set(v2)] };
}

async function areWritable(folders: readonly string[]): Promise<boolean> {
  const results = await Promise.allSettled(folders.map((folder) => access(folder, constants.W_OK)));
  return results.every(({ status }) => status === 'fulfilled');
}

function readText(path: string): string {
  try {
    return readFileSync(path, 'latin1');
  } catch {
    return '';
  }
}
