import type { Call } from '../../../framework/context.ts';
import { formatParameter } from '../describe.ts';
import { parameterNotFound } from '../errors.ts';
import { chooseVersion, findParameter, parameterAccess, requireReference } from '../lookup.ts';
import { operation } from '../operation.ts';
import type { SsmDeps } from '../operation.ts';
import { isSecretReference, readSecretParameter } from '../secretReference.ts';
import { readValue } from '../values.ts';

export const getParameter = operation('GetParameter', {
  access: ({ Name = '' }, call, deps) => parameterAccess('GetParameter', Name, call, deps),
  handle: async ({ Name = '', WithDecryption = false }, call, deps) => ({ Parameter: await getOne(Name, WithDecryption, call, deps) }),
});

/** One parameter by whatever names it; GetParameters does the same for many. */
export async function getOne(text: string, withDecryption: boolean, call: Call, deps: SsmDeps) {
  if (isSecretReference(text)) return readSecretParameter(text, withDecryption, call, deps);
  const reference = requireReference(text, call);
  const { found, version } = await deps.store.read(async (tx) => {
    const parameter = await findParameter(tx, call, reference);
    if (parameter === undefined) throw parameterNotFound();
    return { found: parameter, version: await chooseVersion(tx, parameter, reference.selector) };
  });
  const value = await readValue(version, found.arn, found.scope, withDecryption, call, deps);
  return formatParameter({ name: found.name, arn: found.arn, version, value, selector: reference.selector });
}
