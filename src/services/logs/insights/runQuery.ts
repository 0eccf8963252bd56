import { createGatherer } from './gather.ts';
import type { Row } from './gather.ts';
import type { Plan } from './plan.ts';
import type { QueryEvent } from './record.ts';
import type { RowTask, WorkedRow } from './rowTask.ts';
import { formatTime, numberOf, textOf } from './values.ts';

export interface QueryResult {
  readonly rows: readonly ResultRow[];
  readonly recordsMatched: number;
}

export type ResultRow = readonly { readonly field: string; readonly value: string }[];

export interface QueryRun {
  readonly plan: Plan;
  readonly query: string;
  readonly limit: number;
  readonly nowMs: number;
  /** Pages of events, the latest first. */
  readonly pages: AsyncIterable<readonly QueryEvent[]>;
  /** Works rows out in a thread. */
  readonly work: (task: RowTask) => Promise<readonly WorkedRow[]>;
}

/** How many rows go through the thread at once, behind the first stage. */
const rowsAtOnce = 1_000;
const gatherAtOnce = 2_000;

/** Runs a query over events: page by page through a thread, then stage by stage. */
export async function runQuery({ plan, query, limit, nowMs, pages, work }: QueryRun): Promise<QueryResult> {
  const [first, ...later] = plan.stages;
  const common = { query, limit, nowMs };
  let recordsMatched = 0;
  let gatherer = createGatherer(first?.gathering, nowMs);
  for await (const events of pages) {
    const worked = await work({ ...common, stage: 0, events });
    recordsMatched += worked.length;
    await addAll(gatherer, worked);
  }
  let rows: readonly Row[] = gatherer.rows();
  for (const [index, stage] of later.entries()) {
    gatherer = createGatherer(stage.gathering, nowMs);
    // Nothing to work out: rows go on as they are.
    if (stage.rowCommands.length === 0 && stage.values.length === 0) for (const fields of rows) gatherer.add({ fields, values: [] });
    else {
      for (let at = 0; at < rows.length; at += rowsAtOnce) await addAll(gatherer, await work({ ...common, stage: index + 1, rows: rows.slice(at, at + rowsAtOnce) }));
    }
    rows = gatherer.rows();
  }
  return { rows: rows.map((row) => resultRow(row, plan)), recordsMatched };
}

/** Others have their turn in between. */
async function addAll(gatherer: ReturnType<typeof createGatherer>, rows: readonly WorkedRow[]): Promise<void> {
  for (const [at, row] of rows.entries()) {
    gatherer.add(row);
    if (at % gatherAtOnce === gatherAtOnce - 1) await new Promise((resolve) => setImmediate(resolve));
  }
}

function resultRow(row: Row, { output, times, hasPointer }: Plan): ResultRow {
  const names = hasPointer ? [...output.filter((name) => name !== '@ptr'), '@ptr'] : output;
  return names.flatMap((field) => {
    const value = row[field];
    const number = times.has(field) ? numberOf(value) : undefined;
    const text = number === undefined ? textOf(value) : formatTime(number);
    return text === undefined ? [] : [{ field, value: text }];
  });
}
