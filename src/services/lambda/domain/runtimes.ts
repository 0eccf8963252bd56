// The runtimes that AWS names, which of them run here, and which are closed by now.
import { createHash } from 'node:crypto';
import { partitionOf } from '../../../base/arn.ts';
import type { RuntimeKind } from '../../../sandbox/types.ts';
import { errors } from '../errors.ts';
import { runtimeDates } from './runtimeDates.ts';
import type { RuntimeDates } from './runtimeDates.ts';

/** Answers how a runtime is started, or throws AWS's error for one that is unknown or closed by now, and ours for one that does not run here. */
export function requireRuntime(id: string, nowMs: number, purpose: 'create' | 'update' = 'create'): RuntimeKind {
  const dates = Object.hasOwn(runtimeDates, id) ? runtimeDates[id] : undefined;
  if (dates === undefined) {
    const open = Object.entries(runtimeDates).filter(([, known]) => !isBlocked(known, nowMs, 'create')).map(([name]) => name);
    throw errors.invalidParameter(
      `Value ${id} at 'runtime' failed to satisfy constraint: Member must satisfy enum value set: [${open.join(', ')}] or be a valid ARN`,
    );
  }
  requireOpen(id, nowMs, purpose);
  const kind = runtimeKindOf(id);
  if (kind === undefined) {
    throw errors.notSupported(`the runtime ${id}`, 'Node.js, Python, Java, Ruby and custom runtimes run. A program that brings its own runtime, such as a self-contained .NET executable named bootstrap, runs on provided.al2023.');
  }
  return kind;
}

/** Throws AWS's error when the runtime is closed by now: on AWS such functions still run, and can only be moved to another runtime. */
export function requireOpen(id: string, nowMs: number, purpose: 'create' | 'update'): void {
  const dates = Object.hasOwn(runtimeDates, id) ? runtimeDates[id] : undefined;
  if (dates === undefined || !isBlocked(dates, nowMs, purpose)) return;
  const successor = dates.successor === undefined ? '' : ` Its successor is ${dates.successor}.`;
  throw errors.invalidParameter(
    `The runtime parameter of ${id} is no longer supported for creating or updating AWS Lambda functions. We recommend you use a supported runtime while creating or updating functions.${successor}`,
  );
}

const isBlocked = (dates: RuntimeDates, nowMs: number, purpose: 'create' | 'update'): boolean =>
  nowMs >= Date.parse(purpose === 'create' ? dates.createBlocked : dates.updateBlocked);

/** How a runtime of an existing function is started; undefined when it does not run here. */
export function runtimeKindOf(id: string): RuntimeKind | undefined {
  const [, family, version = ''] = /^(nodejs|python|ruby)(\d+(?:\.\d+)?)(?:\.x)?$/.exec(id) ?? [];
  if (family === 'nodejs') return { family: 'node', version };
  if (family === 'python') return { family: 'python', version };
  if (family === 'ruby') return { family: 'ruby', version };
  if (/^java\d+(\.al2)?$/.test(id)) return { family: 'java', version: id.slice('java'.length).replace('.al2', '') };
  return id.startsWith('provided') ? { family: 'custom' } : undefined;
}

/** The name of a runtime's version in INIT_START lines and ARNs. Ours never change under a function, so each has one, made from its name. */
export function runtimeVersionOf(id: string, region: string): { readonly label: string; readonly arn: string } {
  const [, family = id, version = ''] = /^([a-z]+)\.?(.*)$/.exec(id.replace(/\.x$/, '')) ?? [];
  const digest = createHash('sha256').update(`haneul runtime ${id}`).digest('hex');
  return { label: `${family}:${version === '' ? 'al' : version}.v1`, arn: `arn:${partitionOf(region)}:lambda:${region}::runtime:${digest}` };
}
