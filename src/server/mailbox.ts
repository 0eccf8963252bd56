// What services have sent by e-mail and text message, which nobody carries: kept to be read at /_haneul/mailbox, the last thousand of them.

import type { Clock } from '../base/clock.ts';
import { ServiceError } from '../base/errors.ts';
import { uuid } from '../base/ids.ts';
import type { Logger } from '../base/log.ts';
import type { Random } from '../base/random.ts';
import type { ReadTransaction, Store, Transaction } from '../kv/store.ts';
import { defineTable, type TableRow } from '../kv/table.ts';
import type { Mail, Mailbox } from '../ports/mailbox.ts';

interface MailRow extends Omit<Mail, 'body'> {
  readonly id: string;
  readonly atMs: number;
  /** How many parts the body is kept in. */
  readonly parts: number;
}

export interface ServerMailbox extends Mailbox {
  /** The newest first. */
  list(query: URLSearchParams): Promise<{ readonly mails: readonly object[] }>;
  /** Takes away what `list` would show, however much that is. Answers how many. */
  clear(query: URLSearchParams): Promise<number>;
}

export interface MailboxDeps {
  readonly store: Store;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Logger;
}

const scope = { account: '', region: '' };
const mails = defineTable<MailRow>('server', 'mail');
const bodies = defineTable<{ readonly bytes: Uint8Array }>('server', 'mail-body');

const keptMax = 1_000;
/** Old mails are taken away after so many new ones. */
const trimEach = 100;
const partBytes = 64 * 1_024;
const shownMax = 100;

export function createMailbox({ store, clock, random, log }: MailboxDeps): ServerMailbox {
  let sinceTrim = 0;
  let trimming = false;

  function noteMail(): void {
    sinceTrim += 1;
    if (sinceTrim < trimEach || trimming) return;
    sinceTrim = 0;
    trimming = true;
    void store
      .transact(async (tx) => {
        const rows = await listAll(tx);
        for (const { row } of rows.slice(keptMax)) remove(tx, row);
      })
      .catch((error: unknown) => log.warn('old mails were not taken away', { error: String(error) }))
      .finally(() => (trimming = false));
  }

  return {
    put(tx, { body, ...mail }) {
      const bytes = Buffer.from(body);
      const parts = Math.ceil(bytes.length / partBytes);
      const row: MailRow = { ...mail, id: uuid(random), atMs: Math.floor(clock.now()), parts };
      mails.set(tx, scope, [row.atMs, row.id], row);
      for (let part = 0; part < parts; part += 1) bodies.set(tx, scope, [row.id, part], { bytes: bytes.subarray(part * partBytes, (part + 1) * partBytes) });
      tx.afterCommit(noteMail);
    },
    list: (query) =>
      store.read(async (tx) => {
        const { matches, limit } = readQuery(query);
        const found: object[] = [];
        for (const { row } of await listAll(tx)) {
          if (found.length === limit) break;
          if (!matches(row)) continue;
          const { id, atMs, parts, ...rest } = row;
          found.push({ id, at: new Date(atMs).toISOString(), ...rest, body: await readBody(tx, id, parts) });
        }
        return { mails: found };
      }),
    clear: (query) =>
      store.transact(async (tx) => {
        const { matches } = readQuery(query);
        const gone = (await listAll(tx)).filter(({ row }) => matches(row));
        for (const { row } of gone) remove(tx, row);
        return gone.length;
      }),
  };
}

// Between two trims there are more.
const listAll = (tx: ReadTransaction): Promise<TableRow<MailRow>[]> => mails.list(tx, scope, [], { limit: keptMax * 10, reverse: true });

function remove(tx: Transaction, { atMs, id }: MailRow): void {
  mails.clear(tx, scope, [atMs, id]);
  bodies.clearAll(tx, scope, [id]);
}

async function readBody(tx: ReadTransaction, id: string, parts: number): Promise<string> {
  const rows = await bodies.list(tx, scope, [id], { limit: parts + 1 });
  return Buffer.concat(rows.map(({ row }) => row.bytes)).toString('utf8');
}

const filters = ['kind', 'service', 'account', 'region', 'to', 'from', 'subject', 'id'] as const;

function readQuery(query: URLSearchParams): { readonly limit: number; matches(row: MailRow): boolean } {
  for (const name of query.keys()) {
    if (name !== 'limit' && !(filters as readonly string[]).includes(name)) throw new ServiceError('BadRequest', `There is no filter ${name}. Known: ${[...filters, 'limit'].join(', ')}.`, { status: 400 });
  }
  const limit = Number(query.get('limit') ?? shownMax);
  if (!Number.isInteger(limit) || limit < 1 || limit > keptMax) throw new ServiceError('BadRequest', `limit is between 1 and ${keptMax}.`, { status: 400 });
  const wanted = filters.flatMap((name) => query.getAll(name).map((value) => ({ name, value })));
  return { limit, matches: (row) => wanted.every(({ name, value }) => row[name] === value) };
}
