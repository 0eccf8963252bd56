// Lambda Managed Instances, which are EC2 instances in a VPC: there are none here, so nothing can be provided, and nothing is.
// https://docs.aws.amazon.com/lambda/latest/dg/lambda-managed-instances.html
import { formatArn } from '../../../base/arn.ts';
import type { Call } from '../../../framework/context.ts';
import { functionArn } from '../domain/functionName.ts';
import { errors } from '../errors.ts';
import { accessTo, referenceOf, requireVersion } from '../lookup.ts';
import { operation } from '../operation.ts';

interface Named {
  readonly CapacityProviderName?: string | undefined;
}

const providerArn = ({ CapacityProviderName: name = '' }: Named, { account, region }: Call): string =>
  name.startsWith('arn:') ? name : formatArn({ service: 'lambda', region, account, resource: `capacity-provider:${name}` });

const accessToProvider =
  (action: string) =>
  (input: Named, call: Call) => ({ action, resource: providerArn(input, call) });

const missing = async (input: Named, call: Call): Promise<never> => {
  throw errors.capacityProviderMissing(providerArn(input, call));
};

const createCapacityProvider = operation('CreateCapacityProvider', {
  access: accessToProvider('lambda:CreateCapacityProvider'),
  async handle({ VpcConfig }): Promise<never> {
    throw errors.invalidParameter(`The subnet ID '${VpcConfig?.SubnetIds?.[0] ?? ''}' does not exist. There are no VPCs here, and so no capacity providers.`);
  },
});

const getCapacityProvider = operation('GetCapacityProvider', { access: accessToProvider('lambda:GetCapacityProvider'), handle: missing });
const updateCapacityProvider = operation('UpdateCapacityProvider', { access: accessToProvider('lambda:UpdateCapacityProvider'), handle: missing });
const deleteCapacityProvider = operation('DeleteCapacityProvider', { access: accessToProvider('lambda:DeleteCapacityProvider'), handle: missing });
const listFunctionVersionsByCapacityProvider = operation('ListFunctionVersionsByCapacityProvider', { access: accessToProvider('lambda:ListFunctionVersionsByCapacityProvider'), handle: missing });

const listCapacityProviders = operation('ListCapacityProviders', {
  access: () => ({ action: 'lambda:ListCapacityProviders', resource: '*' }),
  handle: async () => ({ CapacityProviders: [] }),
});

const putFunctionScalingConfig = operation('PutFunctionScalingConfig', {
  access: accessTo('lambda:PutFunctionScalingConfig', { qualified: true }),
  async handle(input, call, { store }): Promise<never> {
    const reference = referenceOf(input, call);
    await store.read((tx) => requireVersion(tx, reference));
    throw errors.invalidParameter(`The function ${functionArn(reference, reference.name, reference.qualifier)} is not configured with a capacity provider. A function scaling config needs one.`);
  },
});

const getFunctionScalingConfig = operation('GetFunctionScalingConfig', {
  access: accessTo('lambda:GetFunctionScalingConfig', { qualified: true }),
  async handle(input, call, { store }) {
    const reference = referenceOf(input, call);
    await store.read((tx) => requireVersion(tx, reference));
    return { FunctionArn: functionArn(reference, reference.name, reference.qualifier) };
  },
});

/** The operations of capacity providers and of what scales on them. */
export const capacityProviderOperations = {
  CreateCapacityProvider: createCapacityProvider,
  GetCapacityProvider: getCapacityProvider,
  UpdateCapacityProvider: updateCapacityProvider,
  DeleteCapacityProvider: deleteCapacityProvider,
  ListCapacityProviders: listCapacityProviders,
  ListFunctionVersionsByCapacityProvider: listFunctionVersionsByCapacityProvider,
  PutFunctionScalingConfig: putFunctionScalingConfig,
  GetFunctionScalingConfig: getFunctionScalingConfig,
};
