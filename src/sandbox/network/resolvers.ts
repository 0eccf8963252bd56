import { existsSync, readFileSync, realpathSync } from 'node:fs';

const standard = '/etc/resolv.conf';
/** What systemd-resolved asks itself, where /etc/resolv.conf names only its own address on loopback. */
const upstream = '/run/systemd/resolve/resolv.conf';

/** The file that names name servers which can be asked from another network than the host's; undefined when there is none. */
export function resolverFile(): string | undefined {
  if (!existsSync(standard)) return undefined;
  const servers = [...readFileSync(standard, 'utf8').matchAll(/^\s*nameserver\s+(\S+)/gm)].map(([, address]) => address ?? '');
  const isLocal = servers.length > 0 && servers.every((address) => address.startsWith('127.') || address === '::1');
  return realpathSync(isLocal && existsSync(upstream) ? upstream : standard);
}
