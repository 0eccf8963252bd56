// What idle functions weigh: two hundred in Python, each invoked once and left alone. Counted is what is theirs of every process that the
// server has started (proportional set size), and the server itself beside it. `npm run bench -- idle [--quick]`; Linux only.

import { readdirSync, readFileSync } from 'node:fs';
import { createExecutionRole, createFunction, invoke } from '../test/support/functions.ts';
import { sdkClients } from '../test/support/sdkClients.ts';
import { startServerProcess } from '../test/support/serverProcess.ts';
import { bySize } from './support/extent.ts';
import { report, type Row } from './support/report.ts';

const environments = bySize({ quick: 20, usual: 200, long: 200 });
const files = { 'app.py': 'import json\ndef handler(event, context):\n    return json.dumps(event)\n' };
const server = await startServerProcess();
try {
  const clients = sdkClients(server.endpoint);
  const Role = await createExecutionRole(clients);
  const rows: Row[] = [row('before the first function')];
  for (let made = 0; made < environments; made += 1) {
    const name = await createFunction(clients.lambda, { Role, Runtime: 'python3.11', Handler: 'app.handler', files });
    const { functionError, text } = await invoke(clients.lambda, name);
    if (functionError !== undefined) throw new Error(text);
  }
  clients.destroy();
  // Until everything that started has come to rest.
  await new Promise((resolve) => setTimeout(resolve, 3_000));
  rows.push(row(`${environments} idle environments`));
  report('idle', [...rows, ...byProgram()], ['PSS of all processes below the server; the target is 1,229 MiB for 200 environments']);
} finally {
  await server.stop();
}

function row(name: string): Row {
  const below = descendantsOf(server.pid);
  const mebibytes = (bytes: number): number => Math.round(bytes / 2 ** 20);
  return { state: name, processes: below.length, 'MiB of functions': mebibytes(below.reduce((sum, pid) => sum + pssBytes(pid), 0)), 'MiB of the server': mebibytes(pssBytes(server.pid)) };
}

/** The same by program: which of them weigh. */
function byProgram(): Row[] {
  const names = new Map<string, number[]>();
  for (const pid of descendantsOf(server.pid)) {
    const name = readOrNothing(`/proc/${pid}/comm`).trim();
    names.set(name, [...(names.get(name) ?? []), pid]);
  }
  return [...names].map(([name, pids]) => ({ state: `  ${name}`, processes: pids.length, 'MiB of functions': Math.round(pids.reduce((sum, pid) => sum + pssBytes(pid), 0) / 2 ** 20) }));
}

function descendantsOf(root: number): number[] {
  const parents = new Map<number, number>();
  for (const name of readdirSync('/proc')) {
    const parent = /^\d+$/.test(name) ? /^PPid:\s+(\d+)/m.exec(readOrNothing(`/proc/${name}/status`))?.[1] : undefined;
    if (parent !== undefined) parents.set(Number(name), Number(parent));
  }
  const isBelow = (pid: number | undefined): boolean => pid !== undefined && pid > 1 && (parents.get(pid) === root || isBelow(parents.get(pid)));
  return [...parents.keys()].filter(isBelow);
}

function pssBytes(pid: number): number {
  return Number(/^Pss:\s+(\d+) kB/m.exec(readOrNothing(`/proc/${pid}/smaps_rollup`))?.[1] ?? 0) * 1_024;
}

function readOrNothing(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    // It has ended.
    return '';
  }
}
