// Universal targets: `arn:aws:scheduler:::aws-sdk:service:apiAction` (user guide, "Using universal targets").

import type { ApiOperation } from '../../../ports/apiCaller.ts';

/** Undefined for other ARNs. */
export function parseUniversalTarget(arn: string): ApiOperation | undefined {
  const [, service, action] = /^arn:aws[a-z-]*:scheduler:::aws-sdk:([a-z0-9]{1,64}):([a-z][A-Za-z0-9]{0,127})$/.exec(arn) ?? [];
  return service !== undefined && action !== undefined ? { service, action } : undefined;
}

// The user guide's list of what is not supported because it only reads.
const readOnly = /^(get|describe|list|poll|receive|search|scan|query|select|read|lookup|discover|validate|batchGet|batchDescribe|batchRead|transactGet|adminGet|adminList|testMigration|retrieve|testConnection|translateDocument|isAuthorized|invokeModel)/;

export const isReadOnly = ({ action }: ApiOperation): boolean => readOnly.test(action);
