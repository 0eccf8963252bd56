// One frame for every benchmark of requests: a server over data on disk, the yardstick beside it, runs in which the paths take turns,
// so that a disturbance of the machine meets all of them, and a table of medians. A benchmark only says what is sent.

import { mkdtempSync, rmSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startServerProcess, type ServerProcess } from '../../test/support/serverProcess.ts';
import { extent } from './extent.ts';
import { loadHttp, postRequest, type LoadPlan, type LoadResult } from './loadHttp.ts';
import { processorMilliseconds } from './processorTime.ts';
import { median, report, type Row } from './report.ts';
import { startYardstick } from './yardstick.ts';

export interface LoadBench {
  readonly server: ServerProcess;
  /** For files of the benchmark's own; removed at the end. The server's data are in `data` below it. */
  readonly folder: string;
  /** Sends a request until its path is compiled, and notes nothing. */
  warmUp(request: LoadPlan['request']): Promise<void>;
  /** Sends a request again and again, and notes what it took under this name. */
  load(name: string, request: LoadPlan['request'], more?: Partial<LoadPlan>): Promise<LoadResult>;
}

export interface LoadBenchOptions<State> {
  readonly title: string;
  readonly connections: number;
  /** What the yardstick parses and answers: as large as what is measured. */
  readonly yardstickBody: object;
  /** Runs before the server starts, over its data. */
  readonly prepareData?: (folder: string) => Promise<void>;
  readonly setUp: (bench: LoadBench) => Promise<State>;
  /** One run; `run` counts from 1. */
  readonly measure: (bench: LoadBench, state: State, run: number) => Promise<void>;
  /** How many things one request of this name does; 1 where nothing is said. */
  readonly thingsPerRequest?: (name: string) => number;
  readonly notes?: (state: State) => readonly string[];
}

const warmUpRequests = 2_000;
const yardstickName = 'yardstick json';

/** Runs a benchmark of requests and prints its table. */
export async function measureLoad<State>(options: LoadBenchOptions<State>): Promise<void> {
  const { title, connections } = options;
  const folder = mkdtempSync(join(tmpdir(), 'haneul-bench-'));
  const yardstick = await startYardstick();
  let server: ServerProcess | undefined;
  try {
    await options.prepareData?.(join(folder, 'data'));
    server = await startServerProcess({ dataFolder: join(folder, 'data') });
    const { port, pid } = server;
    const results = new Map<string, (LoadResult & { readonly serverMicroseconds: number | undefined })[]>();
    const load: LoadBench['load'] = async (name, request, more = {}) => {
      const before = processorMilliseconds(pid);
      const result = await loadHttp({ port, request, connections, requests: extent.requests, millisecondsMax: extent.millisecondsMax, ...more });
      const used = name === yardstickName ? undefined : ((processorMilliseconds(pid) - before) * 1_000) / Math.max(1, result.answered);
      results.set(name, [...(results.get(name) ?? []), { ...result, serverMicroseconds: used }]);
      return result;
    };
    const warmUp: LoadBench['warmUp'] = async (request) => void (await loadHttp({ port, request, connections, requests: warmUpRequests, millisecondsMax: extent.millisecondsMax }));
    const bench: LoadBench = { server, folder, warmUp, load };
    const state = await options.setUp(bench);
    const syncs: number[] = [];
    for (let run = 1; run <= extent.runs; run += 1) {
      process.stderr.write(`haneul bench: run ${run} of ${extent.runs} …\n`);
      syncs.push(await syncRate(folder));
      await load(yardstickName, postRequest('/json', JSON.stringify(options.yardstickBody), 'bench'), { port: yardstick.port });
      await options.measure(bench, state, run);
    }
    process.stdout.write('\n');
    report(title, rowsOf(results, options.thingsPerRequest), [
      `median of ${extent.runs} runs, ${connections} connections; the disk makes ${Math.round(median(syncs))} syncs a second; processor time of the server's process a request`,
      ...(options.notes?.(state) ?? []),
    ]);
  } finally {
    await yardstick.stop();
    await server?.stop();
    rmSync(folder, { recursive: true, force: true });
  }
}

function rowsOf(results: ReadonlyMap<string, readonly (LoadResult & { readonly serverMicroseconds: number | undefined })[]>, thingsPerRequest?: (name: string) => number): Row[] {
  const of = (name: string, pick: (result: LoadResult) => number): number => median((results.get(name) ?? []).map(pick));
  const yard = of(yardstickName, ({ perSecond }) => perSecond);
  return [...results].map(([name, list]) => {
    const perSecond = of(name, (result) => result.perSecond);
    const processor = list.flatMap(({ serverMicroseconds }) => (serverMicroseconds === undefined ? [] : [serverMicroseconds]));
    return {
      path: name,
      'per s': perSecond,
      ...(thingsPerRequest && { 'things per s': perSecond * thingsPerRequest(name) }),
      'of json': (perSecond / yard).toFixed(2),
      'p50 us': of(name, (result) => result.p50Microseconds),
      'p99 us': of(name, (result) => result.p99Microseconds),
      'processor us': processor.length === 0 ? '' : Math.round(median(processor)),
      failed: list.reduce((sum, { failed }) => sum + failed, 0),
    };
  });
}

async function syncRate(folder: string): Promise<number> {
  const file = await open(join(folder, 'calibration'), 'w');
  const page = Buffer.alloc(4_096, 1);
  const startedAt = performance.now();
  let count = 0;
  while (performance.now() - startedAt < (extent.size === 'quick' ? 300 : 1_000)) {
    await file.write(page, 0, page.length, 0);
    await file.datasync();
    count += 1;
  }
  await file.close();
  return count / ((performance.now() - startedAt) / 1_000);
}
