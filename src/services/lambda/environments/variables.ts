// The process environment of a function, as on AWS: https://docs.aws.amazon.com/lambda/latest/dg/configuration-envvars.html,
// "Defined runtime environment variables". What only the sandbox knows (AWS_LAMBDA_RUNTIME_API, AWS_ENDPOINT_URL …) it
// adds itself.
import type { Variables } from '../domain/environment.ts';
import { runtimeKindOf } from '../domain/runtimes.ts';
import type { Deployment, InitializationType } from './deployment.ts';

export interface VariablesInput {
  readonly deployment: Deployment;
  readonly own: Variables;
  readonly logStreamName: string;
  /** `on-demand` when absent. */
  readonly initializationType?: InitializationType;
  readonly credentials: { readonly accessKeyId: string; readonly secretAccessKey: string; readonly sessionToken: string };
}

/** All variables of an environment. A function's own can replace the unreserved ones (PATH, LANG, NODE_PATH …), as on AWS. */
export function environmentVariables(input: VariablesInput): Record<string, string> {
  const { deployment, own, logStreamName, credentials } = input;
  const { row, place } = deployment;
  const isSnapStart = input.initializationType === 'snap-start';
  const variables: Record<string, string> = {
    ...(row.image ? variablesOfImage(row.image.program.variables) : pathsOf(row.runtime)),
    ...(row.image ? {} : { LANG: 'en_US.UTF-8' }),
    TZ: ':UTC',
    AWS_XRAY_CONTEXT_MISSING: 'LOG_ERROR',
    AWS_XRAY_DAEMON_ADDRESS: '169.254.79.129:2000',
    _AWS_XRAY_DAEMON_ADDRESS: '169.254.79.129',
    _AWS_XRAY_DAEMON_PORT: '2000',
    ...Object.fromEntries(own),
    // An image has its own ideas of these; AWS's base images set them.
    ...(row.image ? {} : { _HANDLER: row.handler, LAMBDA_TASK_ROOT: '/var/task', LAMBDA_RUNTIME_DIR: '/var/runtime' }),
    AWS_REGION: place.region,
    AWS_DEFAULT_REGION: place.region,
    AWS_LAMBDA_FUNCTION_NAME: deployment.name,
    AWS_LAMBDA_FUNCTION_VERSION: row.version,
    AWS_LAMBDA_FUNCTION_MEMORY_SIZE: String(row.memoryMegabytes),
    // Not in SnapStart functions (the guide, "Monitoring for Lambda SnapStart"), whose credentials are fetched: those of the snapshot are nobody's.
    ...(isSnapStart ? {} : { AWS_LAMBDA_LOG_GROUP_NAME: row.logGroupName, AWS_LAMBDA_LOG_STREAM_NAME: logStreamName }),
    ...(row.logging === undefined ? {} : { AWS_LAMBDA_LOG_FORMAT: 'JSON', AWS_LAMBDA_LOG_LEVEL: row.logging.applicationLevel }),
    AWS_LAMBDA_INITIALIZATION_TYPE: input.initializationType ?? 'on-demand',
    ...(isSnapStart ? {} : { AWS_ACCESS_KEY_ID: credentials.accessKeyId, AWS_SECRET_ACCESS_KEY: credentials.secretAccessKey, AWS_SESSION_TOKEN: credentials.sessionToken }),
  };
  // Not for custom runtimes (the same page: "This environment variable is not defined for OS-only runtimes").
  if (!row.image && runtimeKindOf(row.runtime)?.family !== 'custom') variables.AWS_EXECUTION_ENV = `AWS_Lambda_${row.runtime}`;
  return variables;
}

function variablesOfImage(settings: readonly string[]): Record<string, string> {
  return Object.fromEntries(settings.flatMap((setting) => (setting.indexOf('=') > 0 ? [[setting.slice(0, setting.indexOf('=')), setting.slice(setting.indexOf('=') + 1)]] : [])));
}

function pathsOf(runtime: string): Record<string, string> {
  const kind = runtimeKindOf(runtime);
  const shared = {
    PATH: '/var/lang/bin:/usr/local/bin:/usr/bin/:/bin:/opt/bin',
    LD_LIBRARY_PATH: '/var/lang/lib:/lib64:/usr/lib64:/var/runtime:/var/runtime/lib:/var/task:/var/task/lib:/opt/lib',
  };
  if (kind?.family === 'node') {
    return { ...shared, NODE_PATH: `/opt/nodejs/node${kind.version}/node_modules:/opt/nodejs/node_modules:/var/runtime/node_modules:/var/runtime:/var/task` };
  }
  if (kind?.family === 'python') return { ...shared, PYTHONPATH: '/var/runtime' };
  if (kind?.family === 'ruby') {
    // Gems are for the version of the language, which has three numbers there.
    return { ...shared, GEM_PATH: `/var/task/vendor/bundle/ruby/${kind.version}.0:/opt/ruby/gems/${kind.version}.0`, RUBYLIB: '/var/task:/var/runtime/lib:/opt/ruby/lib' };
  }
  return shared;
}
