import { ServiceError } from '../../../base/errors.ts';
import { parameterAccess } from '../lookup.ts';
import { operation } from '../operation.ts';
import { getOne } from './getParameter.ts';

const notThere = new Set(['ParameterNotFound', 'ParameterVersionNotFound', 'ValidationException']);

export const getParameters = operation('GetParameters', {
  access: ({ Names = [] }, call, deps) => Promise.all(Names.map((name) => parameterAccess('GetParameters', name, call, deps))),
  async handle({ Names = [], WithDecryption = false }, call, deps) {
    const found: Awaited<ReturnType<typeof getOne>>[] = [];
    const invalid: string[] = [];
    for (const name of new Set(Names)) {
      try {
        found.push(await getOne(name, WithDecryption, call, deps));
      } catch (error) {
        if (!(error instanceof ServiceError) || !notThere.has(error.code)) throw error;
        invalid.push(name);
      }
    }
    return { Parameters: found, InvalidParameters: invalid };
  },
});
