import { functionArn } from '../domain/functionName.ts';
import { accessTo, referenceOf, requireVersion, wholeFunctionOf } from '../lookup.ts';
import { operation } from '../operation.ts';

const getFunctionCodeSigningConfig = operation('GetFunctionCodeSigningConfig', {
  access: accessTo('lambda:GetFunctionCodeSigningConfig'),
  // No function here can have a configuration, and AWS answers an empty document then. Terraform reads it of every function.
  async handle(input, call, { store }): Promise<never> {
    const reference = wholeFunctionOf(input, call);
    await store.read((tx) => requireVersion(tx, reference));
    return {} as never;
  },
});

const getRuntimeManagementConfig = operation('GetRuntimeManagementConfig', {
  access: accessTo('lambda:GetRuntimeManagementConfig', { qualified: true }),
  // `Auto` is the default, and all there is: PutRuntimeManagementConfig is refused.
  async handle(input, call, { store }) {
    const reference = referenceOf(input, call);
    await store.read((tx) => requireVersion(tx, reference));
    return { UpdateRuntimeOn: 'Auto' as const, FunctionArn: functionArn(reference, reference.name, reference.qualifier) };
  },
});

/** GetFunctionCodeSigningConfig and GetRuntimeManagementConfig: what cannot be set yet is at its default. */
export const runtimeSettingOperations = {
  GetFunctionCodeSigningConfig: getFunctionCodeSigningConfig,
  GetRuntimeManagementConfig: getRuntimeManagementConfig,
};
