import type { Scope } from '../../kv/table.ts';
import type { FunctionAccess } from '../../ports/functionAccess.ts';
import { groupArn } from './operation.ts';

/** What a function's policy may name as `aws:SourceArn`: the guide's command has the group's ARN with `:*`. */
export const subscriptionSource = (scope: Scope, groupName: string): string => `${groupArn(scope, groupName)}:*`;

/** In whose name a function lets the service in; undefined when it does not, or is not there. The guide names both principals, by its age. */
export async function principalFor(functions: FunctionAccess, scope: Scope, groupName: string, functionArn: string): Promise<string | undefined> {
  const about = { functionArn, sourceArn: subscriptionSource(scope, groupName), sourceAccount: scope.account };
  for (const service of ['logs.amazonaws.com', `logs.${scope.region}.amazonaws.com`]) {
    if ((await functions.mayInvoke({ ...about, service })).kind === 'allowed') return service;
  }
  return undefined;
}
