// Programs and libraries in a package that this host cannot run.
import { chooseInterpreter } from '../../../sandbox/interpreters.ts';
import type { Interpreter, RuntimeKind } from '../../../sandbox/types.ts';
import type { VersionRow } from '../store.ts';
import { errors } from '../errors.ts';
import { runtimeKindOf } from './runtimes.ts';

type Deployable = Pick<VersionRow, 'runtime' | 'architecture' | 'code'>;

export interface Host {
  /** `x86_64` or `arm64`. */
  readonly architecture: string;
  readonly interpreters: readonly Interpreter[];
}

/** Why a package cannot run on this host, for whoever deployed it; undefined when nothing speaks against it. */
export const describeForeignCode = (row: Deployable, host: Host): string | undefined =>
  describeForeignPrograms(row, host.architecture) ?? describeForeignModules(row, host.interpreters);

// DEVIATION: scripts run on either architecture; only a package with programs of the other one cannot.
function describeForeignPrograms({ code, architecture }: Deployable, hostArchitecture: string): string | undefined {
  const { nativeArchitectures } = code;
  if (nativeArchitectures.length === 0 || nativeArchitectures.includes(hostArchitecture)) return undefined;
  const held = nativeArchitectures.join(', ');
  return `The package holds programs or libraries for ${held}, and this host runs ${hostArchitecture} (the function is declared ${architecture}).`;
}

/** Throws for a package that could never run here, so that whoever deploys it learns why. */
export function requireLoadableModules(row: Deployable, interpreters: readonly Interpreter[]): void {
  const reason = describeForeignModules(row, interpreters);
  if (reason !== undefined) throw errors.invalidParameter(reason);
}

/** Extension modules load in the one Python version that they were built for; scripts run on the nearest that the host has. */
function describeForeignModules({ runtime, code }: Deployable, interpreters: readonly Interpreter[]): string | undefined {
  const { nativePythons = [] } = code;
  const kind = runtimeKindOf(runtime);
  if (kind?.family === 'java') return describeNewerClasses(kind, code, interpreters);
  if (kind?.family !== 'python' || nativePythons.length === 0) return undefined;
  const choice = chooseInterpreter(interpreters, kind);
  // With the exact interpreter it is as on AWS: a wrong module fails where it is imported.
  if (choice === undefined || choice.isExact) return undefined;
  const used = choice.interpreter.version.split('.').slice(0, 2).join('.');
  if (nativePythons.includes(used)) return undefined;
  const built = nativePythons.map((version) => `Python ${version}`).join(', ');
  return `The package holds extension modules built for ${built}; this host has no Python ${kind.version} and would run the function on Python ${choice.interpreter.version}, which cannot load them. Install Python ${kind.version} on this host, or build the package for Python ${used}.`;
}

/** Classes of a later Java than the one that would run them. With the exact Java it is as on AWS: the error comes when the class is loaded. */
function describeNewerClasses(kind: Extract<RuntimeKind, { family: 'java' }>, { javaRelease }: Deployable['code'], interpreters: readonly Interpreter[]): string | undefined {
  const choice = chooseInterpreter(interpreters, kind);
  if (javaRelease === undefined || choice === undefined || choice.isExact) return undefined;
  const used = Number(choice.interpreter.version.split('.')[0]);
  if (javaRelease <= used) return undefined;
  return `The package holds classes compiled for Java ${javaRelease}; this host has no Java ${kind.version} and would run the function on Java ${choice.interpreter.version}, which cannot load them. Install Java ${kind.version} on this host, or compile with --release ${used}.`;
}
