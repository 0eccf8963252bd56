// A lease is a row {owner, epoch, beat}. Its holder keeps changing `beat`; an observer takes over when it has seen no new beat
// for the whole ttl by its own clock, so no two clocks are ever compared. The holder gives up at two thirds of the ttl, before
// anybody can have taken over, and `fence` keeps even a sleeping holder from committing.
import type { Clock } from '../base/clock.ts';
import { InvariantError } from '../base/errors.ts';
import { hexId } from '../base/ids.ts';
import type { Random } from '../base/random.ts';
import { decodeRecord, encodeRecord } from './record.ts';
import type { Lease, ReadTransaction, Store } from './store.ts';
import { packKey } from './tuple.ts';

export interface LeasesOptions {
  readonly store: Pick<Store, 'transact'>;
  readonly clock: Clock;
  readonly random: Random;
  /** Whether only this process uses the store: then holders of earlier processes are known to be gone. */
  readonly soleOwner: boolean;
}

export interface Leases {
  acquire(name: string, ttlMs: number): Promise<Lease | undefined>;
  /** Gives up every lease held here, without writing. */
  close(): void;
}

interface LeaseRow {
  /** Empty after a release. */
  readonly owner: string;
  readonly epoch: bigint;
  readonly beat: number;
}

interface Sighting {
  readonly epoch: bigint;
  readonly beat: number;
  readonly seenAtMs: number;
}

interface Holding {
  readonly name: string;
  readonly owner: string;
  readonly epoch: bigint;
  readonly ttlMs: number;
  readonly lost: AbortController;
  cancelTimers: () => void;
}

/** Leases over any store. */
export function createLeases({ store, clock, random, soleOwner }: LeasesOptions): Leases {
  const instance = hexId(random, 16);
  const sightings = new Map<string, Sighting>();
  const holdings = new Set<Holding>();

  async function acquire(name: string, ttlMs: number): Promise<Lease | undefined> {
    if (!(ttlMs >= 3)) throw new InvariantError('a lease needs a ttl of at least 3 ms', { ttlMs });
    const owner = `${instance}/${hexId(random, 8)}`;
    const startedMs = clock.now();
    const outcome = await store.transact(async (tx) => {
      const row = await readLease(tx, name);
      if (row !== undefined && !isFree(row, name, ttlMs)) return { taken: row };
      const epoch = (row?.epoch ?? 0n) + 1n;
      tx.set(leaseKey(name), encodeLease({ owner, epoch, beat: 0 }));
      return { epoch };
    });
    if ('taken' in outcome) {
      observe(name, outcome.taken);
      return undefined;
    }
    sightings.delete(name);
    return hold({ name, owner, epoch: outcome.epoch, ttlMs, lost: new AbortController(), cancelTimers: () => undefined }, startedMs);
  }

  function isFree(row: LeaseRow, name: string, ttlMs: number): boolean {
    if (row.owner === '' || (soleOwner && !row.owner.startsWith(`${instance}/`))) return true;
    const seen = sightings.get(name);
    return seen !== undefined && seen.epoch === row.epoch && seen.beat === row.beat && clock.now() - seen.seenAtMs >= ttlMs;
  }

  function observe(name: string, { epoch, beat }: LeaseRow): void {
    const seen = sightings.get(name);
    if (seen?.epoch !== epoch || seen.beat !== beat) sightings.set(name, { epoch, beat, seenAtMs: clock.now() });
  }

  function hold(holding: Holding, startedMs: number): Lease {
    holdings.add(holding);
    keepAlive(holding, 0, startedMs);
    return {
      epoch: holding.epoch,
      signal: holding.lost.signal,
      async fence(tx) {
        if (!isOurs(await readLease(tx, holding.name), holding)) {
          lose(holding);
          throw new InvariantError('the lease was lost', { lease: holding.name });
        }
      },
      async release() {
        if (!holdings.has(holding)) return;
        lose(holding);
        await store.transact(async (tx) => {
          const row = await readLease(tx, holding.name);
          if (row !== undefined && isOurs(row, holding)) tx.set(leaseKey(holding.name), encodeLease({ ...row, owner: '' }));
        });
      },
    };
  }

  /** Plans the next beat, and the end if none is written in time. `aliveMs` is when the last successful beat was begun. */
  function keepAlive(holding: Holding, beat: number, aliveMs: number): void {
    const endMs = aliveMs + (holding.ttlMs * 2) / 3;
    const cancelEnd = clock.at(endMs, () => lose(holding));
    planRenewal(aliveMs + holding.ttlMs / 3);
    function planRenewal(atMs: number): void {
      const cancelBeat = clock.at(atMs, () => void renew());
      holding.cancelTimers = () => {
        cancelEnd();
        cancelBeat();
      };
    }
    async function renew(): Promise<void> {
      const startedMs = clock.now();
      if (startedMs >= endMs) return lose(holding);
      let alive = false;
      try {
        alive = await store.transact(async (tx) => {
          const row = await readLease(tx, holding.name);
          if (row === undefined || !isOurs(row, holding)) return false;
          tx.set(leaseKey(holding.name), encodeLease({ ...row, beat: beat + 1 }));
          return true;
        });
      } catch {
        // Not written is not renewed, whatever the reason: `cancelEnd`'s timer ends the lease unless a later try succeeds.
        if (holdings.has(holding)) planRenewal(clock.now() + holding.ttlMs / 12);
        return;
      }
      if (!holdings.has(holding)) return;
      if (!alive) return lose(holding);
      holding.cancelTimers();
      keepAlive(holding, beat + 1, startedMs);
    }
  }

  function lose(holding: Holding): void {
    if (!holdings.delete(holding)) return;
    holding.cancelTimers();
    holding.lost.abort(new InvariantError('the lease was lost', { lease: holding.name }));
  }

  return {
    acquire,
    close() {
      for (const holding of holdings) lose(holding);
    },
  };
}

function isOurs(row: LeaseRow | undefined, holding: Holding): boolean {
  return row?.owner === holding.owner && row.epoch === holding.epoch;
}

function leaseKey(name: string): Uint8Array {
  return packKey([null, 'lease', name]);
}

async function readLease(tx: ReadTransaction, name: string): Promise<LeaseRow | undefined> {
  const value = await tx.get(leaseKey(name));
  if (value === undefined) return undefined;
  const row = decodeRecord<{ owner: string; epoch: number | bigint; beat: number }>(value, leaseKey(name));
  return { owner: row.owner, epoch: BigInt(row.epoch), beat: row.beat };
}

function encodeLease(row: LeaseRow): Uint8Array {
  return encodeRecord(row);
}
