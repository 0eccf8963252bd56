import { egressSubnets } from './limits.ts';

/**
 * The server's 1,024 addresses of 198.18.0.0/15, by its mark; the next ones where this host has a use of its own for them. `routes` is
 * what `ip -o -4 route show table all` prints.
 */
export function chooseSubnet(mark: string, routes: string): number | undefined {
  const wanted = Number.parseInt(mark, 16) % egressSubnets;
  const taken = takenSubnets(routes);
  for (let tried = 0; tried < egressSubnets; tried += 1) {
    const subnet = (wanted + tried) % egressSubnets;
    if (!taken.has(subnet)) return subnet;
  }
  return undefined;
}

function takenSubnets(routes: string): Set<number> {
  const taken = new Set<number>();
  for (const line of routes.split('\n')) {
    // Servers share the addresses of none, and what they left is removed.
    if (/ dev hnl/.test(line)) continue;
    for (const [, second = '', third = '', length = '32'] of line.matchAll(/\b198\.(18|19)\.(\d+)\.\d+(?:\/(\d+))?/g)) {
      const first = ((Number(second) - 18) * 256 + Number(third)) >> 2;
      const count = Math.min(egressSubnets, 2 ** Math.max(0, 22 - Number(length)));
      for (let subnet = first; subnet < first + count; subnet += 1) taken.add(subnet);
    }
  }
  return taken;
}
