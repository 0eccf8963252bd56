import { makePassword } from '../domain/password.ts';
import { operation } from '../operation.ts';

export const getRandomPassword = operation('GetRandomPassword', {
  access: () => ({ action: 'secretsmanager:GetRandomPassword', resource: '*' }),
  handle: (input, _call, { random }) => ({ RandomPassword: makePassword(input, random) }),
});
