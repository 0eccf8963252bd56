// What keeps an initialised process from being copied by a fork: it would be missing in the copy, or be shared with it.
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';

/** The descriptors that every bootstrap has: null, output, the channel. */
const ownDescriptors = new Set(['0', '1', '2', '3', '4']);

/** Says in a user's words why the process below the sandbox's first one cannot be copied; undefined when it can. */
export function findObstacle(tree: readonly number[], proc = '/proc'): string | undefined {
  const [, pid, ...others] = tree;
  if (pid === undefined) return 'it has ended';
  if (others.length > 0) return 'it has started other processes';
  if (readdirSync(`${proc}/${pid}/task`).length > 1) return 'it has started threads';
  // What the server itself was started with reaches every sandbox.
  const everywhere = new Set(targetsOf(`${proc}/self/fd`).map(([, target]) => target));
  for (const [fd, target] of targetsOf(`${proc}/${pid}/fd`)) {
    if (ownDescriptors.has(fd) || (target.startsWith('pipe:') && everywhere.has(target))) continue;
    // Connections are dead after a restore, as on AWS; files are opened again.
    if (target.startsWith('socket:') || (target.startsWith('/') && !target.endsWith(' (deleted)'))) continue;
    return `it holds open ${target}`;
  }
  const shared = readFileSync(`${proc}/${pid}/maps`, 'latin1').split('\n').find((line) => /^\S+ .w.s /.test(line));
  return shared === undefined ? undefined : 'it has memory that it shares';
}

const targetsOf = (folder: string): [fd: string, target: string][] => readdirSync(folder).flatMap((fd) => {
  try {
    return [[fd, readlinkSync(`${folder}/${fd}`)]];
  } catch {
    return []; // The one that lists them.
  }
});
