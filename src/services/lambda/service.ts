import { defineService } from '../../framework/service.ts';
import { payloadBytesMaxOf, payloadTooLarge } from './domain/payload.ts';
import { errors } from './errors.ts';
import { codeRequestBytesMax } from './limits.ts';
import type { LambdaContext } from './operation.ts';
import { aliasOperations } from './operations/aliases.ts';
import { capacityProviderOperations } from './operations/capacityProviders.ts';
import { codeSigningOperations } from './operations/codeSigning.ts';
import { concurrencyOperations } from './operations/concurrency.ts';
import { createFunction } from './operations/createFunction.ts';
import { deleteFunction } from './operations/deleteFunction.ts';
import { durableCallbackOperations } from './operations/durableCallbacks.ts';
import { durableExecutionOperations } from './operations/durableExecutions.ts';
import { durableReadOperations } from './operations/durableReads.ts';
import { eventInvokeConfigOperations } from './operations/eventInvokeConfigs.ts';
import { eventSourceMappingOperations } from './operations/eventSourceMappings.ts';
import { functionUrlOperations } from './operations/functionUrls.ts';
import { getAccountSettings } from './operations/getAccountSettings.ts';
import { getFunction } from './operations/getFunction.ts';
import { getFunctionConfiguration } from './operations/getFunctionConfiguration.ts';
import { invoke } from './operations/invoke.ts';
import { invokeAsync } from './operations/invokeAsync.ts';
import { invokeWithResponseStream } from './operations/invokeWithResponseStream.ts';
import { layerPermissionOperations } from './operations/layerPermissions.ts';
import { layerOperations } from './operations/layers.ts';
import { listFunctions } from './operations/listFunctions.ts';
import { listVersionsByFunction } from './operations/listVersionsByFunction.ts';
import { permissionOperations } from './operations/permissions.ts';
import { provisionedConcurrencyOperations } from './operations/provisionedConcurrency.ts';
import { publishVersion } from './operations/publishVersion.ts';
import { recursionConfigOperations } from './operations/recursionConfig.ts';
import { runtimeSettingOperations } from './operations/runtimeSettings.ts';
import { resourcePolicyOperations } from './operations/resourcePolicies.ts';
import { tagOperations } from './operations/tags.ts';
import { updateFunctionCode } from './operations/updateFunctionCode.ts';
import { updateFunctionConfiguration } from './operations/updateFunctionConfiguration.ts';
import { answerFunctionUrl } from './urls/answerFunctionUrl.ts';

/** AWS Lambda. */
export const lambdaService = defineService<LambdaContext>({
  id: 'lambda',
  validationErrorCode: 'ValidationException',
  urls: answerFunctionUrl,
  requestBytesMax: { CreateFunction: codeRequestBytesMax, UpdateFunctionCode: codeRequestBytesMax, PublishLayerVersion: codeRequestBytesMax, Invoke: ({ headers }) => payloadBytesMaxOf(headers), InvokeWithResponseStream: ({ headers }) => payloadBytesMaxOf(headers) },
  tooLarge: (name, bytesMax, head) => (name === 'Invoke' || name === 'InvokeWithResponseStream' ? payloadTooLarge(head.headers) : errors.requestEntityTooLarge(name, bytesMax)),
  operations: {
    CreateFunction: createFunction,
    GetFunction: getFunction,
    GetFunctionConfiguration: getFunctionConfiguration,
    UpdateFunctionCode: updateFunctionCode,
    UpdateFunctionConfiguration: updateFunctionConfiguration,
    DeleteFunction: deleteFunction,
    ListFunctions: listFunctions,
    PublishVersion: publishVersion,
    ListVersionsByFunction: listVersionsByFunction,
    Invoke: invoke,
    InvokeWithResponseStream: invokeWithResponseStream,
    InvokeAsync: invokeAsync,
    ...codeSigningOperations,
    ...capacityProviderOperations,
    ...resourcePolicyOperations,
    GetAccountSettings: getAccountSettings,
    ...aliasOperations,
    ...permissionOperations,
    ...runtimeSettingOperations,
    ...tagOperations,
    ...concurrencyOperations,
    ...provisionedConcurrencyOperations,
    ...recursionConfigOperations,
    ...eventInvokeConfigOperations,
    ...eventSourceMappingOperations,
    ...functionUrlOperations,
    ...durableExecutionOperations,
    ...durableCallbackOperations,
    ...durableReadOperations,
    ...layerOperations,
    ...layerPermissionOperations,
  },
});
