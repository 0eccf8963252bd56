// How new versions of a function's runtime come. https://docs.aws.amazon.com/lambda/latest/dg/runtimes-update.html
import { functionArn } from '../domain/functionName.ts';
import { runtimeVersionOf } from '../domain/runtimes.ts';
import { errors } from '../errors.ts';
import { accessTo, referenceOf, requireVersion } from '../lookup.ts';
import { operation } from '../operation.ts';
import { latest, setFunction, setVersion } from '../store.ts';
import type { VersionRow } from '../store.ts';

const getRuntimeManagementConfig = operation('GetRuntimeManagementConfig', {
  access: accessTo('lambda:GetRuntimeManagementConfig', { qualified: true }),
  async handle(input, call, { store }) {
    const reference = referenceOf(input, call);
    const { row } = await store.read((tx) => requireVersion(tx, reference));
    return { ...describe(row), FunctionArn: functionArn(reference, reference.name, reference.qualifier) };
  },
});

const putRuntimeManagementConfig = operation('PutRuntimeManagementConfig', {
  access: accessTo('lambda:PutRuntimeManagementConfig', { qualified: true }),
  async handle(input, call, { store }) {
    const reference = referenceOf(input, call);
    const { UpdateRuntimeOn: on = 'Auto', RuntimeVersionArn: arn } = input;
    if (on === 'Manual' && arn === undefined) throw errors.invalidParameter('RuntimeVersionArn is required when UpdateRuntimeOn is Manual.');
    if (on !== 'Manual' && arn !== undefined) throw errors.invalidParameter('RuntimeVersionArn can be specified only when UpdateRuntimeOn is Manual.');
    const row = await store.transact(async (tx) => {
      const { head, row: found, alias } = await requireVersion(tx, reference);
      if (alias !== undefined) throw errors.invalidParameter('Runtime management is configured for $LATEST and for published versions, not for aliases.');
      // Each runtime has one version here: another one is not there to go back to.
      if (arn !== undefined && arn !== runtimeVersionOf(found.runtime, reference.region).arn) throw errors.invalidParameter(`The runtime version ${arn} does not exist or is not a version of ${found.runtime}.`);
      const { runtimeUpdates: _old, ...rest } = found;
      const next: VersionRow = on === 'Auto' ? rest : { ...rest, runtimeUpdates: { on, ...(arn === undefined ? {} : { arn }) } };
      if (next.version === latest) setFunction(tx, reference, { ...head, latest: next });
      else setVersion(tx, reference, head.name, next);
      return next;
    });
    return { ...describe(row), FunctionArn: functionArn(reference, reference.name, reference.qualifier) };
  },
});

const describe = ({ runtimeUpdates }: VersionRow) => ({ UpdateRuntimeOn: runtimeUpdates?.on ?? ('Auto' as const), ...(runtimeUpdates?.arn === undefined ? {} : { RuntimeVersionArn: runtimeUpdates.arn }) });

/** PutRuntimeManagementConfig and GetRuntimeManagementConfig. */
export const runtimeSettingOperations = {
  PutRuntimeManagementConfig: putRuntimeManagementConfig,
  GetRuntimeManagementConfig: getRuntimeManagementConfig,
};
