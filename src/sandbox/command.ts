import { dirname } from 'node:path';
import type { InstalledInterpreter } from './interpreters.ts';
import { javaPackagesPath } from './java/javaCommand.ts';
import { credentialsPath } from './limits.ts';
import type { Packages, Placement } from './launcher/launcher.ts';
import type { EnvironmentSpec } from './types.ts';

/** How our bootstrap is started. `withSite` lets Python run what the host's site-packages and the function's variables want run first. */
export function commandOf(interpreter: InstalledInterpreter, { runtimeFolder }: Placement, { withSite }: { readonly withSite: boolean }): readonly string[] {
  if (interpreter.family === 'ruby') return [interpreter.path, '-EUTF-8', `${runtimeFolder}/bootstrap.rb`];
  if (interpreter.family === 'node') return [interpreter.path, `${runtimeFolder}/index.cjs`];
  return [interpreter.path, ...(withSite ? [] : ['-S']), '-u', `${runtimeFolder}/start.py`];
}

/** Where AWS has its SDK; what a package brings along is found before it. */
export function packagesOf(interpreter: InstalledInterpreter | undefined, folder: string | undefined): Packages | undefined {
  if (interpreter === undefined || interpreter.family === 'ruby') return undefined;
  if (interpreter.family === 'java') return { family: 'java', folder, path: javaPackagesPath };
  if (interpreter.family === 'node') return { family: 'node', folder, path: '/var/runtime/node_modules' };
  const version = interpreter.version.split('.').slice(0, 2).join('.');
  return { family: 'python', folder, path: `/var/lang/lib/python${version}/site-packages` };
}

/** All that a function sees in its environment. */
export function variablesFor(spec: EnvironmentSpec, interpreter: InstalledInterpreter | undefined, placement: Placement): Record<string, string> {
  const { taskFolder, layersFolder, runtimeFolder, temporaryFolder, runtimeApiAddress } = placement;
  const path = spec.variables['PATH'] ?? '/usr/local/bin:/usr/bin:/bin';
  const variables: Record<string, string> = {
    ...spec.variables,
    PATH: [...(interpreter ? [dirname(interpreter.path)] : []), path, `${layersFolder}/bin`].join(':'),
    LAMBDA_TASK_ROOT: taskFolder,
    LAMBDA_RUNTIME_DIR: runtimeFolder,
    _HANDLER: spec.handler,
  };
  if (temporaryFolder !== '/tmp') {
    // Without a root of its own the function has to be told where its places are.
    variables['TMPDIR'] = temporaryFolder;
    variables['HANEUL_LAYERS'] = layersFolder;
    if (placement.packagesFolder !== undefined) variables['HANEUL_PACKAGES'] = placement.packagesFolder;
  }
  const endpointAddress = placement.endpointAddress ?? (spec.endpoint && `127.0.0.1:${spec.endpoint.port}`);
  if (endpointAddress !== undefined && variables['AWS_ENDPOINT_URL'] === undefined) {
    variables['AWS_ENDPOINT_URL'] = `http://${endpointAddress}`;
    // Clients would prepend `sync-` and the like to the address.
    variables['AWS_DISABLE_HOST_PREFIX_INJECTION'] ??= 'true';
  }
  if (runtimeApiAddress !== undefined) variables['AWS_LAMBDA_RUNTIME_API'] = runtimeApiAddress;
  if (spec.credentials !== undefined && runtimeApiAddress !== undefined) {
    variables['AWS_CONTAINER_CREDENTIALS_FULL_URI'] = `http://${runtimeApiAddress}${credentialsPath}`;
    variables['AWS_CONTAINER_AUTHORIZATION_TOKEN'] = spec.credentials.token;
  }
  if (interpreter?.family === 'node' && variables['NODE_PATH'] === undefined) {
    const major = interpreter.version.split('.')[0];
    variables['NODE_PATH'] = [`${layersFolder}/nodejs/node${major}/node_modules`, `${layersFolder}/nodejs/node_modules`, `${runtimeFolder}/node_modules`, runtimeFolder, taskFolder].join(':');
  }
  return variables;
}
