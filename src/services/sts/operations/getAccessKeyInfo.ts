import { errors } from '../errors.ts';
import { operation } from '../operation.ts';

export const getAccessKeyInfo = operation('GetAccessKeyInfo', {
  access: () => ({ action: 'sts:GetAccessKeyInfo', resource: '*' }),
  async handle(input, _call, { identity }) {
    const credential = await identity.findCredential(input.AccessKeyId ?? '');
    if (!credential) throw errors.invalidToken();
    return { Account: credential.caller.account };
  },
});
