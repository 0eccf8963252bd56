// The runtimes that AWS names, which of them run here, and which are closed for new functions.
import { createHash } from 'node:crypto';
import { partitionOf } from '../../../base/arn.ts';
import type { RuntimeKind } from '../../../sandbox/types.ts';
import { errors } from '../errors.ts';

// https://docs.aws.amazon.com/lambda/latest/dg/lambda-runtimes.html, "Supported runtimes" and the deprecated ones whose
// dates for blocking creation AWS has moved again and again (python3.9, nodejs18.x …): those still work.
const creatable: readonly string[] = [
  'nodejs24.x', 'nodejs22.x', 'nodejs20.x', 'nodejs18.x', 'nodejs16.x',
  'python3.14', 'python3.13', 'python3.12', 'python3.11', 'python3.10', 'python3.9', 'python3.8',
  'java25', 'java21', 'java17', 'java11', 'java8.al2',
  'dotnet10', 'dotnet8', 'dotnet6',
  'ruby3.4', 'ruby3.3', 'ruby3.2',
  'provided.al2023', 'provided.al2',
];

interface Retirement {
  readonly blockedSince: string;
  readonly successor: string;
}

// The same page, "Deprecated runtimes", column "Block function create".
const retired: Readonly<Record<string, Retirement>> = {
  'java8': { blockedSince: '2024-02-08', successor: 'java21' },
  'go1.x': { blockedSince: '2024-02-08', successor: 'provided.al2023' },
  'provided': { blockedSince: '2024-02-08', successor: 'provided.al2023' },
  'ruby2.7': { blockedSince: '2024-01-09', successor: 'ruby3.4' },
  'nodejs14.x': { blockedSince: '2024-01-09', successor: 'nodejs22.x' },
  'python3.7': { blockedSince: '2024-01-09', successor: 'python3.13' },
  'dotnetcore3.1': { blockedSince: '2023-04-03', successor: 'dotnet8' },
  'nodejs12.x': { blockedSince: '2023-03-31', successor: 'nodejs22.x' },
  'python3.6': { blockedSince: '2022-07-18', successor: 'python3.13' },
  'dotnetcore2.1': { blockedSince: '2022-01-05', successor: 'dotnet8' },
  'ruby2.5': { blockedSince: '2021-07-30', successor: 'ruby3.4' },
  'nodejs10.x': { blockedSince: '2021-07-30', successor: 'nodejs22.x' },
  'python2.7': { blockedSince: '2021-07-15', successor: 'python3.13' },
  'nodejs8.10': { blockedSince: '2020-02-04', successor: 'nodejs22.x' },
  'nodejs6.10': { blockedSince: '2019-08-12', successor: 'nodejs22.x' },
  'nodejs4.3': { blockedSince: '2020-02-04', successor: 'nodejs22.x' },
  'nodejs4.3-edge': { blockedSince: '2019-04-30', successor: 'nodejs22.x' },
  'nodejs': { blockedSince: '2016-10-31', successor: 'nodejs22.x' },
  'dotnetcore2.0': { blockedSince: '2019-05-30', successor: 'dotnet8' },
  'dotnetcore1.0': { blockedSince: '2019-07-30', successor: 'dotnet8' },
};

/** Answers how a runtime is started, or throws AWS's error for one that is unknown or closed, and ours for one that does not run here. */
export function requireRuntime(id: string, nowMs: number): RuntimeKind {
  const retirement = Object.hasOwn(retired, id) ? retired[id] : undefined;
  if (retirement !== undefined && nowMs >= Date.parse(retirement.blockedSince)) {
    throw errors.invalidParameter(
      `The runtime parameter of ${id} is no longer supported for creating or updating AWS Lambda functions. We recommend you use the new runtime (${retirement.successor}) while creating or updating functions.`,
    );
  }
  if (!creatable.includes(id)) {
    throw errors.invalidParameter(
      `Value ${id} at 'runtime' failed to satisfy constraint: Member must satisfy enum value set: [${creatable.join(', ')}] or be a valid ARN`,
    );
  }
  const kind = runtimeKindOf(id);
  if (kind === undefined) {
    throw errors.notSupported(`the runtime ${id}`, 'Node.js, Python and custom runtimes (provided.al2023) run.');
  }
  return kind;
}

/** How a runtime of an existing function is started; undefined when it does not run here. */
export function runtimeKindOf(id: string): RuntimeKind | undefined {
  const [, family, version = ''] = /^(nodejs|python)(\d+(?:\.\d+)?)(?:\.x)?$/.exec(id) ?? [];
  if (family === 'nodejs') return { family: 'node', version };
  if (family === 'python') return { family: 'python', version };
  return id.startsWith('provided') ? { family: 'custom' } : undefined;
}

/** The name of a runtime's version in INIT_START lines and ARNs. Ours never change under a function, so each has one, made from its name. */
export function runtimeVersionOf(id: string, region: string): { readonly label: string; readonly arn: string } {
  const [, family = id, version = ''] = /^([a-z]+)\.?(.*)$/.exec(id.replace(/\.x$/, '')) ?? [];
  const digest = createHash('sha256').update(`haneul runtime ${id}`).digest('hex');
  return { label: `${family}:${version === '' ? 'al' : version}.v1`, arn: `arn:${partitionOf(region)}:lambda:${region}::runtime:${digest}` };
}
