import type { Clock } from '../../base/clock.ts';
import { ServiceError } from '../../base/errors.ts';
import { createServiceAccess } from '../../framework/serviceAccess.ts';
import type { ServiceDenials } from '../../framework/serviceDenials.ts';
import type { Store } from '../../kv/store.ts';
import type { FunctionAccess, FunctionAccessQuestion } from '../../ports/functionAccess.ts';
import { parseFunctionArn } from './domain/functionName.ts';
import type { FunctionReference } from './domain/functionName.ts';
import { requireVersion } from './lookup.ts';
import { findPolicy } from './store.ts';

/** What other services may ask about functions. */
export function createFunctionAccess({ store, clock, serviceDenials }: { readonly store: Store; readonly clock: Clock; readonly serviceDenials?: ServiceDenials | undefined }): FunctionAccess {
  const allows = createServiceAccess(serviceDenials);
  return {
    async mayInvoke(question) {
      const reference = parseFunctionArn(question.functionArn);
      if (reference === undefined) return { kind: 'no-such-function' };
      const found = await store.read(async (tx) => {
        const exists = await requireVersion(tx, reference).then(() => true, isServiceError);
        return exists ? { policy: await findPolicy(tx, reference, reference.name, reference.qualifier) } : undefined;
      });
      if (found === undefined) return { kind: 'no-such-function' };
      const allowed = allows({
        document: found.policy?.document,
        service: question.service,
        action: 'lambda:InvokeFunction',
        resource: question.functionArn,
        nowMs: clock.now(),
        region: reference.region,
        conditions: conditionsOf(question),
      });
      return allowed ? { kind: 'allowed' } : { kind: 'denied', remedy: remedyFor(question, reference) };
    },
  };
}

function isServiceError(error: unknown): false {
  if (error instanceof ServiceError) return false;
  throw error;
}

const conditionsOf = ({ sourceArn, sourceAccount, eventSourceToken }: FunctionAccessQuestion): Record<string, string> => ({
  ...(sourceArn === undefined ? {} : { 'aws:SourceArn': sourceArn }),
  ...(sourceAccount === undefined ? {} : { 'aws:SourceAccount': sourceAccount }),
  ...(eventSourceToken === undefined ? {} : { 'lambda:EventSourceToken': eventSourceToken }),
});

function remedyFor({ service, sourceArn, sourceAccount }: FunctionAccessQuestion, { name, qualifier }: FunctionReference): string {
  const words = [
    'aws lambda add-permission',
    `--function-name ${name}`,
    ...(qualifier === undefined ? [] : [`--qualifier '${qualifier}'`]),
    `--statement-id allow-${service.split('.')[0] ?? ''}`,
    '--action lambda:InvokeFunction',
    `--principal ${service}`,
    ...(sourceArn === undefined ? [] : [`--source-arn '${sourceArn}'`]),
    ...(sourceAccount === undefined ? [] : [`--source-account ${sourceAccount}`]),
  ];
  return words.join(' ');
}
