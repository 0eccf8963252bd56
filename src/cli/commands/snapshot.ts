import { existsSync } from 'node:fs';
import { rename, rm, stat } from 'node:fs/promises';
import { systemErrorCode, UserFacingError } from '../../base/errors.ts';
import { defaultOptions } from '../../server/options.ts';
import { signRequest } from '../../wire/sigv4.ts';
import { defineCommand } from '../command.ts';
import { callerKey } from '../credentials.ts';
import { exitCodes } from '../exitCodes.ts';
import { UsageError } from '../parseCommandLine.ts';
import { withProgress } from '../progress.ts';
import { absolute, fetchHealth, type Health, locateServer, locationOptions, notRunning, parseJson, type ServerLocation } from '../serverConnection.ts';
import type { Terminal } from '../terminal.ts';
import { download, type Transfer, type TransferAnswer, upload } from '../transfer.ts';

// The server reads and writes everything it holds before it answers.
const idleMs = 30 * 60_000;

export const snapshotCommand = defineCommand({
  name: 'snapshot',
  summary: 'save everything the running server holds, or load what was saved',
  operands: ['save|load', 'FILE'],
  options: {
    ...locationOptions,
    force: { type: 'boolean', summary: 'save: replace FILE if it exists' },
    yes: { type: 'boolean', summary: 'load: do not ask' },
  },
  examples: ['npx haneul snapshot save before-migration.haneul', 'npx haneul snapshot load before-migration.haneul --yes'],
  notes: [
    'The server goes on while it is saved. Loading replaces everything, as a reset does: functions, roles, keys, logs and the clock.',
    'FILE holds keys and data of users in readable form: keep it as you keep those.',
  ],
  async run({ options, operands, terminal }) {
    const [action = '', file = ''] = operands;
    if (action !== 'save' && action !== 'load') throw new UsageError(`haneul snapshot can save and load, not "${action}".`, 'For example: npx haneul snapshot save FILE');
    const path = absolute(terminal, file);
    const location = locateServer(terminal, options);
    if (action === 'save') {
      if (existsSync(path) && !options.force) throw new UserFacingError(`${path} exists.`, 'Choose another name, or replace it with --force.');
      await fetchHealth(location, terminal);
      return await save(path, location, terminal);
    }
    const bytes = await sizeOf(path);
    const health = await fetchHealth(location, terminal);
    if (!options.yes && !(await agrees(location, health, terminal))) return exitCodes.failed;
    return await load({ path, bytes }, location, terminal);
  },
});

async function save(path: string, location: ServerLocation, terminal: Terminal): Promise<number> {
  const part = `${path}.part`;
  let state = 'saving';
  await rm(part, { force: true });
  try {
    const transfer = describeTransfer('POST', location, terminal, (done, total) => (state = `receiving ${megabytes(done)}${total === undefined ? '' : ` of ${megabytes(total)}`}`));
    const answer = await withProgress(terminal, () => state, () => connect(location, () => download(transfer, part)));
    if (answer.status !== 200) throw refused(answer);
    const { size } = await stat(part);
    await rename(part, path);
    terminal.print(`Saved ${location.endpoint} to ${path} (${megabytes(size)}).`);
    return exitCodes.done;
  } finally {
    await rm(part, { force: true });
  }
}

async function load(file: { readonly path: string; readonly bytes: number }, location: ServerLocation, terminal: Terminal): Promise<number> {
  let state = 'sending';
  const transfer = describeTransfer('PUT', location, terminal, (done) => (state = done < file.bytes ? `sending ${megabytes(done)} of ${megabytes(file.bytes)}` : 'loading'));
  const answer = await withProgress(terminal, () => state, () => connect(location, () => upload(transfer, file)));
  if (answer.status !== 200) throw refused(answer);
  terminal.print(`${location.endpoint} is as ${file.path} says.`);
  return exitCodes.done;
}

async function sizeOf(path: string): Promise<number> {
  try {
    const found = await stat(path);
    if (found.isFile()) return found.size;
  } catch (error) {
    if (systemErrorCode(error) !== 'ENOENT') throw error;
  }
  throw new UserFacingError(`There is no file ${path}.`, 'Make one: npx haneul snapshot save FILE');
}

async function agrees(location: ServerLocation, health: Health, terminal: Terminal): Promise<boolean> {
  const where = health.dataFolder ?? 'in memory';
  if (!terminal.interactive) {
    throw new UsageError('haneul snapshot load replaces everything and nobody can be asked here.', 'Say so with --yes.');
  }
  if (await terminal.confirm(`Replace everything on ${location.endpoint} (${where})?`)) return true;
  terminal.note('Nothing was replaced.');
  return false;
}

function describeTransfer(method: 'POST' | 'PUT', location: ServerLocation, terminal: Terminal, onBytes: Transfer['onBytes']): Transfer {
  const url = new URL('/_haneul/snapshot', location.endpoint);
  // The body of an upload is too large to be hashed before it is sent; the snapshot carries checksums of its own.
  const own = method === 'PUT' ? { payloadHash: 'UNSIGNED-PAYLOAD' } : {};
  const request = { ...own, method, url: url.href, service: 'haneul', region: defaultOptions.region, nowMs: terminal.clock.now() };
  const length = method === 'POST' ? { 'content-length': '0' } : {};
  return { method, url, headers: { ...signRequest(request, callerKey(location, terminal)), ...length }, idleMs, onBytes };
}

async function connect(location: ServerLocation, transfer: () => Promise<TransferAnswer>): Promise<TransferAnswer> {
  try {
    return await transfer();
  } catch (error) {
    const code = systemErrorCode(error);
    if (code === 'ENOSPC') throw new UserFacingError('There is no space left on this disk.');
    if (code === 'EACCES' || code === 'EROFS' || code === 'ENOENT') throw new UserFacingError(error instanceof Error ? error.message : String(error));
    throw notRunning(location, error);
  }
}

function refused({ status, text }: TransferAnswer): UserFacingError {
  const content = parseJson(Buffer.from(text));
  const message = typeof content === 'object' && content !== null && 'message' in content ? String(content.message) : text.slice(0, 200);
  return new UserFacingError(`The server refused (HTTP ${status}): ${message}`, status === 400 ? 'Nothing was changed.' : undefined);
}

function megabytes(bytes: number): string {
  return bytes < 1_000_000 ? `${Math.ceil(bytes / 1_000)} KB` : `${(bytes / 1_000_000).toFixed(1)} MB`;
}
