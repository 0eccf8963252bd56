import assert from 'node:assert/strict';
import { test } from 'node:test';
import { withSns } from '../testSns.ts';

test('CreatePlatformApplication is refused by name, and so there are none', () =>
  withSns(async ({ run }) => {
    await assert.rejects(run('CreatePlatformApplication', { Name: 'a', Platform: 'GCM' }), { code: 'InvalidParameterException', message: /mobile push.*GCM/ });
    assert.deepEqual(await run('ListPlatformApplications', {}), { PlatformApplications: [] });
    const PlatformApplicationArn = 'arn:aws:sns:us-east-1:000000000000:app/GCM/a';
    const EndpointArn = 'arn:aws:sns:us-east-1:000000000000:endpoint/GCM/a/b';
    const noApplication = { code: 'NotFoundException', message: 'PlatformApplication does not exist' };
    const noEndpoint = { code: 'NotFoundException', message: 'Endpoint does not exist' };
    await assert.rejects(run('CreatePlatformEndpoint', { PlatformApplicationArn, Token: 't' }), noApplication);
    await assert.rejects(run('GetPlatformApplicationAttributes', { PlatformApplicationArn }), noApplication);
    await assert.rejects(run('SetPlatformApplicationAttributes', { PlatformApplicationArn }), noApplication);
    await assert.rejects(run('ListEndpointsByPlatformApplication', { PlatformApplicationArn }), noApplication);
    await assert.rejects(run('GetEndpointAttributes', { EndpointArn }), noEndpoint);
    await assert.rejects(run('SetEndpointAttributes', { EndpointArn }), noEndpoint);
    await assert.rejects(run('SetEndpointAttributes', {}), { code: 'InvalidParameterException' });
    await run('DeletePlatformApplication', { PlatformApplicationArn });
    await run('DeleteEndpoint', { EndpointArn });
  }));
