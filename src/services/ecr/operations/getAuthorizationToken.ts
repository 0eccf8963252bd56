import { registryHost } from '../domain/names.ts';
import { sealToken } from '../domain/token.ts';
import { tokenMs } from '../limits.ts';
import { operation, scopeOf } from '../operation.ts';

export const getAuthorizationToken = operation('GetAuthorizationToken', {
  access: () => ({ action: 'ecr:GetAuthorizationToken', resource: '*' }),
  async handle({ registryIds }, call, { sealKey, random }) {
    const scope = scopeOf(call);
    const expiresAtMs = call.nowMs + tokenMs;
    const token = sealToken({ kind: 'login', accessKeyId: call.accessKeyId, ...scope, expiresAtMs }, sealKey, random);
    const authorizationToken = Buffer.from(`AWS:${token}`).toString('base64');
    const protocol = new URL(call.endpoint).protocol;
    // One token serves all registries (API reference: "the authorization token can be used to access any Amazon ECR registry that your IAM principal has access to").
    const accounts = registryIds === undefined || registryIds.length === 0 ? [call.account] : registryIds;
    return {
      authorizationData: accounts.map((account) => ({ authorizationToken, expiresAt: new Date(expiresAtMs), proxyEndpoint: `${protocol}//${registryHost({ ...scope, account }, call.endpoint)}` })),
    };
  },
});
