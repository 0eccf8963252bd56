import { describeVersion } from '../domain/configuration.ts';
import { accessTo, referenceOf, requireVersion } from '../lookup.ts';
import { operation } from '../operation.ts';
import { momentOf } from '../runtimePreparation.ts';

export const getFunctionConfiguration = operation('GetFunctionConfiguration', {
  access: accessTo('lambda:GetFunctionConfiguration', { qualified: true }),
  async handle(input, call, { store, variables, runtimes }) {
    const reference = referenceOf(input, call);
    const { head, row } = await store.read((tx) => requireVersion(tx, reference));
    return describeVersion({ place: reference, name: head.name, row, qualifier: reference.qualifier }, (deployment) => variables.show(deployment, call), momentOf(row, runtimes));
  },
});
