// Mobile push is not here: nothing can be made, so nothing can be found.

import { invalidParameter, missingParameter, notFound } from '../errors.ts';
import { accountAccess, operation } from '../operation.ts';

function noApplication(arn: string | undefined): never {
  if (arn === undefined || arn === '') throw missingParameter('PlatformApplicationArn');
  throw notFound('PlatformApplication does not exist');
}

function noEndpoint(arn: string | undefined): never {
  if (arn === undefined || arn === '') throw missingParameter('EndpointArn');
  throw notFound('Endpoint does not exist');
}

export const createPlatformApplication = operation('CreatePlatformApplication', {
  access: () => accountAccess('CreatePlatformApplication'),
  handle(input) {
    if (input.Name === undefined) throw missingParameter('Name');
    throw invalidParameter(`Platform Reason: Haneul has no mobile push: applications of the platform ${(input.Platform ?? '').slice(0, 100)} cannot be made`);
  },
});

export const createPlatformEndpoint = operation('CreatePlatformEndpoint', { access: () => accountAccess('CreatePlatformEndpoint'), handle: (input) => noApplication(input.PlatformApplicationArn) });
// "Deletes nothing" is no error of the service.
export const deletePlatformApplication = operation('DeletePlatformApplication', {
  access: () => accountAccess('DeletePlatformApplication'),
  handle(input) {
    if ((input.PlatformApplicationArn ?? '') === '') throw missingParameter('PlatformApplicationArn');
    return {};
  },
});
export const deleteEndpoint = operation('DeleteEndpoint', {
  access: () => accountAccess('DeleteEndpoint'),
  handle(input) {
    if ((input.EndpointArn ?? '') === '') throw missingParameter('EndpointArn');
    return {};
  },
});
export const getPlatformApplicationAttributes = operation('GetPlatformApplicationAttributes', { access: () => accountAccess('GetPlatformApplicationAttributes'), handle: (input) => noApplication(input.PlatformApplicationArn) });
export const setPlatformApplicationAttributes = operation('SetPlatformApplicationAttributes', { access: () => accountAccess('SetPlatformApplicationAttributes'), handle: (input) => noApplication(input.PlatformApplicationArn) });
export const listEndpointsByPlatformApplication = operation('ListEndpointsByPlatformApplication', { access: () => accountAccess('ListEndpointsByPlatformApplication'), handle: (input) => noApplication(input.PlatformApplicationArn) });
export const getEndpointAttributes = operation('GetEndpointAttributes', { access: () => accountAccess('GetEndpointAttributes'), handle: (input) => noEndpoint(input.EndpointArn) });
export const setEndpointAttributes = operation('SetEndpointAttributes', { access: () => accountAccess('SetEndpointAttributes'), handle: (input) => noEndpoint(input.EndpointArn) });
export const listPlatformApplications = operation('ListPlatformApplications', { access: () => accountAccess('ListPlatformApplications'), handle: () => ({ PlatformApplications: [] }) });
