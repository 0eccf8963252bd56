// Server access logging: a request on a logged bucket becomes a line, the lines of a bucket become objects in its target ("Logging
// requests with server access logging"). Lines are written after the answer, together with whatever else came meanwhile: as on AWS, nobody
// waits for them, and a kill may lose the last. From then on they are rows, delivered by a timer.

import type { Logger } from '../../base/log.ts';
import type { Random } from '../../base/random.ts';
import { hexId } from '../../base/ids.ts';
import type { AnsweredRequest } from '../../framework/service.ts';
import type { Store, Transaction } from '../../kv/store.ts';
import type { Timers } from '../../kv/timers.ts';
import { accessLogLines } from './domain/accessLogLine.ts';
import { deliveryTimerId, type LoggingConfiguration } from './jobs/deliverLogs.ts';
import { bucketsMax, logDeliveryMs, waitingLinesMax, writtenLinesMax } from './limits.ts';
import { everywhere, findBucket, findSetting, loggedBuckets, logDeliveries, logLines } from './store.ts';

export interface AccessLog {
  /** Keeps what is to be logged of a request. */
  note(request: AnsweredRequest): void;
  /** To be told once a bucket's logging has been switched. */
  switched(bucketName: string, isLogged: boolean): void;
}

interface Options {
  readonly store: Store;
  readonly random: Random;
  readonly timers: Timers;
  readonly log: Logger;
}

export function createAccessLog({ store, random, timers, log }: Options): AccessLog {
  let logged: Set<string> | undefined;
  let loading: Promise<void> | undefined;
  let waiting: { readonly bucketName: string; readonly request: AnsweredRequest }[] = [];
  let writing = false;
  let lost = 0;

  async function load(): Promise<void> {
    const rows = await store.read((tx) => loggedBuckets.list(tx, everywhere, [], { limit: bucketsMax }));
    logged ??= new Set(rows.map(({ parts }) => String(parts[0])));
  }

  function keep(bucketName: string, request: AnsweredRequest): void {
    if (!logged?.has(bucketName)) return;
    if (waiting.length >= waitingLinesMax) lost += 1;
    else waiting.push({ bucketName, request });
    if (!writing) void writeAll();
  }

  async function writeAll(): Promise<void> {
    writing = true;
    try {
      while (waiting.length > 0) {
        const some = waiting.slice(0, writtenLinesMax);
        waiting = waiting.slice(writtenLinesMax);
        await store.transact((tx) => write(tx, some));
        if (lost > 0) log.warn('requests came faster than their access log could be written', { lost });
        lost = 0;
      }
    } catch (error) {
      log.warn('an access log could not be written', { error: String(error) });
    } finally {
      writing = false;
    }
  }

  async function write(tx: Transaction, some: readonly { readonly bucketName: string; readonly request: AnsweredRequest }[]): Promise<void> {
    const due = new Set<string>();
    for (const { bucketName, request } of some) {
      const bucket = await findBucket(tx, bucketName);
      if (!bucket || !(await findSetting<LoggingConfiguration>(tx, bucket, 'logging'))) continue;
      for (const line of accessLogLines(request, bucket)) logLines.set(tx, everywhere, [bucket.id, request.nowMs, hexId(random, 16)], { line });
      if (due.has(bucket.id)) continue;
      due.add(bucket.id);
      if (await logDeliveries.get(tx, everywhere, [bucket.id])) continue;
      logDeliveries.set(tx, everywhere, [bucket.id], {});
      await timers.set(tx, { service: 's3', id: deliveryTimerId(bucket.id), dueMs: request.nowMs + logDeliveryMs, detail: { bucketName, bucketId: bucket.id } });
    }
  }

  return {
    note(request) {
      const bucketName = bucketOf(request);
      if (bucketName === undefined) return;
      if (logged) return keep(bucketName, request);
      loading ??= load();
      loading.then(
        () => keep(bucketName, request),
        (error: unknown) => log.warn('the logged buckets could not be read', { error: String(error) }),
      );
    },
    switched(bucketName, isLogged) {
      const change = (): void => void (isLogged ? logged?.add(bucketName) : logged?.delete(bucketName));
      if (logged) change();
      // Whoever loads after the commit finds it; whoever has begun before may not.
      else void loading?.then(change, () => undefined);
    },
  };
}

function bucketOf({ input, bucket, head }: AnsweredRequest): string | undefined {
  if (typeof input?.['Bucket'] === 'string') return input['Bucket'];
  return bucket ?? (head.path.split('/')[1] || undefined);
}
