// Which functions can take over a process that was started before they were known. Almost all of the environment can be set
// when they are; what the dynamic linker and the interpreter read once, at their start, has to be the same from the start.
import { statSync } from 'node:fs';
import { basename } from 'node:path';
import type { InstalledInterpreter } from '../interpreters.ts';
import { slotTemporaryMegabytes } from '../limits.ts';
import type { EnvironmentSpec } from '../types.ts';

/** Slots of one kind can stand in for each other. */
export interface SlotKind {
  readonly key: string;
  /** What people call it: `node 20.20.2`. */
  readonly name: string;
  /** Absent for custom runtimes. */
  readonly interpreter: InstalledInterpreter | undefined;
  /** The SDK that it sees: a function that needs it cannot take a slot from before it was there. */
  readonly sdkFolder: string | undefined;
  /** Of a container image: its root, on the host. */
  readonly root?: string;
  /** What the process starts with, of the function's variables. */
  readonly variables: Readonly<Record<string, string>>;
}

/** Folders of a library search path that are the same in a slot and afterwards, or only matter afterwards. */
const libraryFolders = new Set(['/lib', '/lib64', '/usr/lib', '/usr/lib64', '/var/lang/lib', '/var/runtime', '/var/runtime/lib', '/var/task', '/var/task/lib', '/opt', '/opt/lib']);

/** Variables that matter at the start, and what they may be there. */
const earlyVariables: Readonly<Record<string, (value: string) => boolean>> = {
  LANG: (value) => /^[\w.@-]{0,40}$/.test(value),
  LD_LIBRARY_PATH: (value) => value.split(':').every((folder) => libraryFolders.has(folder)),
  PYTHONPATH: (value) => value === '/var/runtime',
  NODE_EXTRA_CA_CERTS: (value) => /^\/(var\/runtime|etc\/(ssl|pki)|usr)\/[\w./-]{1,100}$/.test(value),
};

/** A script that the function has in its package or a layer starts the process: there is nothing to start ahead. */
const wrapperVariable = 'AWS_LAMBDA_EXEC_WRAPPER';

/** Those with which a process is never started ahead: they load code, or change how it runs, in ways of their own. */
const ownStart: Readonly<Record<'node' | 'python', RegExp>> = {
  node: /^(LD_|LC_|GLIBC_|MALLOC_|GCONV_|UV_|ICU_|OPENSSL_|SSL_CERT_|NODE_(OPTIONS|ICU_DATA|DEBUG|DEBUG_NATIVE|NO_WARNINGS|PENDING_DEPRECATION|PRESERVE_SYMLINKS|PRESERVE_SYMLINKS_MAIN|REDIRECT_WARNINGS|V8_COVERAGE|COMPILE_CACHE|USE_ENV_PROXY|USE_SYSTEM_CA)$)/,
  python: /^(LD_|LC_|GLIBC_|MALLOC_|GCONV_|OPENSSL_|PYTHON)/,
};

/** What decides about a function's kind. */
export type KindSpec = Pick<EnvironmentSpec, 'runtime' | 'variables' | 'ephemeralStorageMegabytes'> & Partial<Pick<EnvironmentSpec, 'image' | 'codeFolder'>>;

/** The kind of slot that can become this function; undefined when its process has to be started for it alone. */
export function slotKindOf(spec: KindSpec, interpreter: InstalledInterpreter | undefined, sdkFolder: string | undefined): SlotKind | undefined {
  if (spec.ephemeralStorageMegabytes !== slotTemporaryMegabytes) return undefined;
  if (spec.image) {
    const root = spec.codeFolder ?? '';
    const found = statSync(root, { throwIfNoEntry: false });
    // A root that was made again is another one, though it has the same name.
    return found && { key: JSON.stringify(['image', root, found.ino, found.ctimeMs]), name: `image ${basename(root).slice(0, 12)}`, interpreter, sdkFolder: undefined, root, variables: {} };
  }
  // A custom runtime's program starts with all of its variables in any case, and so do Java and Ruby.
  if (!interpreter) return { key: 'custom', name: 'custom', interpreter, sdkFolder: undefined, variables: {} };
  if (interpreter.family === 'java' || interpreter.family === 'ruby') return { key: JSON.stringify([interpreter.path, sdkFolder ?? null]), name: `${interpreter.family} ${interpreter.version}`, interpreter, sdkFolder, variables: {} };
  if (wrapperOf(spec) !== undefined) return undefined;
  const variables: Record<string, string> = {};
  for (const [name, value] of Object.entries(spec.variables)) {
    const isAllowed = Object.hasOwn(earlyVariables, name) ? earlyVariables[name] : undefined;
    if (isAllowed?.(value) === true) variables[name] = value;
    else if (isAllowed !== undefined || ownStart[interpreter.family].test(name)) return undefined;
  }
  const key = JSON.stringify([interpreter.path, sdkFolder ?? null, ...Object.keys(earlyVariables).map((name) => variables[name] ?? null)]);
  return { key, name: `${interpreter.family} ${interpreter.version}`, interpreter, sdkFolder, variables };
}

/** Whether the interpreter itself may run code of the function's as soon as it starts. */
export function runsCodeAtOnce(spec: KindSpec): boolean {
  return wrapperOf(spec) !== undefined || Object.keys(spec.variables).some((name) => /^(LD_PRELOAD|LD_AUDIT|NODE_OPTIONS|OPENSSL_CONF|PYTHON(?!PATH$|UNBUFFERED$|HASHSEED$|UTF8$).*)$/.test(name))
    || (spec.variables['PYTHONPATH'] ?? '/var/runtime') !== '/var/runtime';
}

/** https://docs.aws.amazon.com/lambda/latest/dg/runtimes-modify.html, "Wrapper scripts": it gets the command that would have run. */
export const wrapperOf = ({ variables }: Pick<EnvironmentSpec, 'variables'>): string | undefined => variables[wrapperVariable] || undefined;
