import { existsSync, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { packageRoot } from '../../src/base/packageRoot.ts';
import { systemErrorCode } from '../../src/base/errors.ts';
import { fullEnvironment, runCommand } from './runCommand.ts';

/** Something this machine cannot provide. Tests that need it are reported as skipped with `reason`, never as passed. */
export interface Missing {
  readonly missing: string;
}

export const clientsFolder = join(packageRoot, '.cache', 'clients');

const waitMsMax = 8 * 60_000;
// A machine without a network should say so once per run, not once per test file.
const failureKeptMs = 10 * 60_000;

/**
 * Fills `.cache/clients/<name>` by `install`, once per machine: a stamp says it is whole, a lock keeps test files that run at
 * the same time from doing it twice, one retry covers a hiccup of the network. Answers the folder, or why there is none.
 */
export async function installOnce(name: string, install: (folder: string) => Promise<void>): Promise<string | Missing> {
  const folder = join(clientsFolder, name);
  const stamp = join(folder, '.complete');
  const failure = `${folder}.failed`;
  if (existsSync(stamp)) return folder;
  mkdirSync(clientsFolder, { recursive: true });
  const unlock = await lock(`${folder}.lock`);
  try {
    if (existsSync(stamp)) return folder;
    if (existsSync(failure) && Date.now() - statSync(failure).mtimeMs < failureKeptMs) return { missing: readFileSync(failure, 'utf8') };
    let reason = '';
    for (let attempt = 1; attempt <= 2; attempt += 1) {
      say(`fetching ${name}${attempt > 1 ? ' (second try)' : ''} …`);
      rmSync(folder, { recursive: true, force: true });
      mkdirSync(folder, { recursive: true });
      try {
        await install(folder);
        writeFileSync(stamp, '');
        rmSync(failure, { force: true });
        say(`fetched ${name}`);
        return folder;
      } catch (error) {
        reason = error instanceof Error ? error.message : String(error);
      }
    }
    rmSync(folder, { recursive: true, force: true });
    const missing = `not run: ${name} could not be fetched (${reason.trim().split('\n').slice(-1).join('').slice(0, 200)})`;
    writeFileSync(failure, missing);
    return { missing };
  } finally {
    unlock();
  }
}

/** Runs one step of an installation; a non-zero exit is an error that carries the end of the program's own words. */
export async function installStep(command: string, args: readonly string[], folder: string): Promise<string> {
  const result = await runCommand(command, args, { env: fullEnvironment(), folder, timeoutMs: 4 * 60_000 });
  if (result.exitCode !== 0) throw new Error(`${command} ${args[0] ?? ''}: ${result.stderr.trim().split('\n').slice(-1).join('')}`);
  return result.stdout;
}

async function lock(path: string): Promise<() => void> {
  const giveUpMs = Date.now() + waitMsMax;
  for (;;) {
    try {
      mkdirSync(path);
      writeFileSync(join(path, 'pid'), String(process.pid));
      return () => rmSync(path, { recursive: true, force: true });
    } catch (error) {
      if (systemErrorCode(error) !== 'EEXIST') throw error;
    }
    if (!holderLives(path)) rmSync(path, { recursive: true, force: true });
    else if (Date.now() > giveUpMs) throw new Error(`${path} is held by another process`);
    else await sleep(500);
  }
}

function holderLives(path: string): boolean {
  try {
    process.kill(Number(readFileSync(join(path, 'pid'), 'utf8')), 0);
    return true;
  } catch (error) {
    if (systemErrorCode(error) === 'EPERM') return true;
    // Between mkdir and the write of the pid there is a moment without one.
    return existsSync(path) && Date.now() - statSync(path).mtimeMs < 5_000;
  }
}

function say(text: string): void {
  process.stderr.write(`haneul tests: ${text}\n`);
}
