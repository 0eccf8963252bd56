import type { AnyOperation } from '../../../framework/service.ts';
import { errors } from '../errors.ts';
import { accessKey, askedKey, operation, type KmsContext } from '../operation.ts';

/** Aliases are not taken (API reference, KeyId: "the key ID or key ARN"). */
const getKeyLastUsage = operation('GetKeyLastUsage', {
  access: ({ KeyId }, call, deps) => accessKey(deps, call, KeyId, { action: 'GetKeyLastUsage' }, { aliases: false }),
  async handle({ KeyId }, call, deps) {
    const { scope, keyId, arn, row } = await askedKey(deps, call, KeyId);
    const use = await deps.lastUse.find(scope, keyId);
    const created = new Date(row.createdAtMs);
    return {
      KeyId: arn,
      // Empty where the key was never used. DEVIATION: without the id of the event in CloudTrail, which has the id of the request.
      KeyLastUsage: use === undefined ? {} : { Operation: use.operation as never, Timestamp: new Date(use.atMs), ...(use.requestId !== undefined && { KmsRequestId: use.requestId }) },
      TrackingStartDate: created,
      KeyCreationDate: created,
    };
  },
});

interface Answer {
  readonly KeyId?: string | undefined;
  readonly SourceKeyId?: string | undefined;
}

/** The operation, and a note of each success beside the keys that its answer names. */
export function tracked(name: string, { handle, ...rest }: AnyOperation<KmsContext>): AnyOperation<KmsContext> {
  return {
    ...rest,
    async handle(input, call, deps) {
      const output = (await handle(input, call, deps)) as Answer;
      const use = { operation: name, atMs: call.nowMs, requestId: call.requestId };
      if (output.KeyId !== undefined) deps.lastUse.note(output.KeyId, use);
      if (output.SourceKeyId !== undefined) deps.lastUse.note(output.SourceKeyId, use);
      return output;
    },
  };
}

// Node.js 20, the oldest that this runs on, has no ML-KEM, so no key can be made that these could use.
const noEncapsulation = (name: 'Encapsulate' | 'Decapsulate') =>
  operation(name, {
    refused: true,
    access: 'public',
    handle() {
      throw errors.unsupported('Key encapsulation with ML_KEM is not supported in this Region.');
    },
  });
export const lastUsage = { GetKeyLastUsage: getKeyLastUsage, Encapsulate: noEncapsulation('Encapsulate'), Decapsulate: noEncapsulation('Decapsulate') };
