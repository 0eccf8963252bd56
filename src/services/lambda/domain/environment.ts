// Rules for a function's own environment variables.
import { errors } from '../errors.ts';
import { environmentBytesMax } from '../limits.ts';

/** Names and values, in the order given: never an object, whose keys a user could choose to be `__proto__`. */
export type Variables = readonly (readonly [name: string, value: string])[];

// https://docs.aws.amazon.com/lambda/latest/dg/configuration-envvars.html, "Reserved environment variables"
const reserved = new Set([
  '_HANDLER',
  '_X_AMZN_TRACE_ID',
  'AWS_ACCESS_KEY',
  'AWS_ACCESS_KEY_ID',
  'AWS_DEFAULT_REGION',
  'AWS_EXECUTION_ENV',
  'AWS_LAMBDA_FUNCTION_MEMORY_SIZE',
  'AWS_LAMBDA_FUNCTION_NAME',
  'AWS_LAMBDA_FUNCTION_VERSION',
  'AWS_LAMBDA_INITIALIZATION_TYPE',
  'AWS_LAMBDA_LOG_GROUP_NAME',
  'AWS_LAMBDA_LOG_STREAM_NAME',
  'AWS_LAMBDA_RUNTIME_API',
  'AWS_REGION',
  'AWS_SECRET_ACCESS_KEY',
  'AWS_SESSION_TOKEN',
  'LAMBDA_RUNTIME_DIR',
  'LAMBDA_TASK_ROOT',
]);

const refusal = 'Lambda was unable to configure your environment variables because the environment variables you have provided';

/** Answers the variables of a request, or throws AWS's error for reserved names or more than 4 KB. */
export function requireVariables(given: Readonly<Record<string, string>>): Variables {
  const variables = Object.entries(given);
  const taken = variables.map(([name]) => name).filter((name) => reserved.has(name));
  if (taken.length > 0) {
    throw errors.invalidParameter(
      `${refusal} contains reserved keys that are currently not supported for modification. Reserved keys used in this request: ${taken.join(', ')}`,
    );
  }
  const measured = JSON.stringify(given);
  if (Buffer.byteLength(measured) > environmentBytesMax) {
    throw errors.invalidParameter(`${refusal} exceeded the 4KB limit. String measured: ${measured}`);
  }
  return variables;
}
