import type { PutParameterRequest } from '@aws-sdk/client-ssm';
import { hexId } from '../../../base/ids.ts';
import type { AccessRequest, Call } from '../../../framework/context.ts';
import type { Transaction } from '../../../kv/store.ts';
import type { Scope } from '../../../kv/table.ts';
import { requireMatch } from '../domain/allowedPattern.ts';
import { parameterArn, requireName } from '../domain/names.ts';
import { parsePolicies } from '../domain/policies.ts';
import type { ParameterPolicy } from '../domain/policies.ts';
import { readTags } from '../domain/tags.ts';
import { oldestIsLabelled, parameterExists, tooManyParameters, typeMismatch, validation } from '../errors.ts';
import { tellChange } from '../events.ts';
import { advancedParametersMax, advancedValueBytesMax, standardParametersMax, standardValueBytesMax, versionsMax } from '../limits.ts';
import { parameterAccess } from '../lookup.ts';
import { operation, scopeOf } from '../operation.ts';
import { setPolicyTimers } from '../policyTimers.ts';
import { addToCount, countParameters, listLabels, parameters, setParameter, versions } from '../store.ts';
import type { ParameterRow, StoredValue, Tier, VersionRow } from '../store.ts';
import { sealValue } from '../values.ts';

export const putParameter = operation('PutParameter', {
  async access({ Name = '', Overwrite, Policies, Tags = [] }, call, deps) {
    const put = await parameterAccess('PutParameter', Name, call, deps, {
      'ssm:Overwrite': String(Overwrite ?? false),
      ...(Policies === undefined ? {} : { 'ssm:Policies': Policies }),
    });
    const tag: AccessRequest = { ...put, action: 'ssm:AddTagsToResource' };
    return Tags.length === 0 ? put : [put, tag];
  },
  async handle(input, call, deps) {
    const { Name: name = '', Overwrite: overwrite = false, Value: value = '', Tags } = input;
    requireName(name);
    if (value === '') throw validation("1 validation error detected: Value at 'value' failed to satisfy constraint: Member must have length greater than or equal to 1");
    if (overwrite && Tags !== undefined && Tags.length > 0) {
      throw validation(
        "Invalid request: tags and overwrite can't be used together. To create a parameter with tags, please remove overwrite flag. To update tags for an existing parameter, please use AddTagsToResource or RemoveTagsFromResource.",
      );
    }
    const scope = scopeOf(call);
    const tags = Tags === undefined ? undefined : readTags(Tags);
    const existing = await deps.store.read((tx) => parameters.get(tx, scope, [name]));
    if (existing !== undefined && !overwrite) throw parameterExists();
    const draft = draftVersion(input, existing?.latest);
    const stored: StoredValue =
      draft.type === 'SecureString' ? await sealValue({ value, arn: parameterArn(scope, name), keyId: input.KeyId, scope }, call, deps) : { kind: 'plain', text: value };
    const written = await deps.store.transact(async (tx) => {
      const row = await parameters.get(tx, scope, [name]);
      if (row !== undefined && !overwrite) throw parameterExists();
      if (row !== undefined && row.latest.type !== draft.type) throw typeMismatch();
      const version: VersionRow = { ...draft, version: (row?.latest.version ?? 0) + 1, value: stored, modifiedAtMs: call.nowMs, modifiedBy: userOf(call) };
      if (row === undefined) await requireRoom(tx, scope, version.tier);
      else await makeRoom(tx, scope, name, row);
      if (row !== undefined && row.latest.tier !== version.tier) addToCount(tx, scope, row.latest.tier, -1);
      if (row?.latest.tier !== version.tier) addToCount(tx, scope, version.tier, 1);
      const next: ParameterRow = { id: hexId(deps.random, 20), ...row, latest: version, ...(tags === undefined ? {} : { tags }) };
      setParameter(tx, scope, name, next);
      versions.set(tx, scope, [next.id, version.version], version);
      await setPolicyTimers(tx, { scope, name, row: next }, row, deps.timers);
      await tellChange(tx, { scope, name, version, atMs: call.nowMs }, row === undefined ? 'Create' : 'Update', deps);
      return version;
    });
    return { Version: written.version, Tier: written.tier };
  },
});

type Draft = Omit<VersionRow, 'version' | 'value' | 'modifiedAtMs' | 'modifiedBy'>;

/** Everything of the new version but its value, checked. */
function draftVersion(input: PutParameterRequest, before: VersionRow | undefined): Draft {
  const { Value: value = '', DataType: dataType = before?.dataType ?? 'text', KeyId: keyId } = input;
  const type = input.Type ?? before?.type;
  if (type === undefined) throw validation('A parameter type is required when you create a parameter.');
  if (before !== undefined && before.type !== type) throw typeMismatch();
  if (keyId !== undefined && type !== 'SecureString') throw validation('KeyId is not supported for parameters of type String or StringList.');
  // The other two, aws:ec2:image and aws:ssm:integration, are checked by services that are not there.
  if (dataType !== 'text') throw validation(`The following data type is not supported: ${dataType} (Data type names are all lowercase.)`);
  if (type === 'StringList' && value.split(',').some((item) => item === '')) throw validation('A StringList must be a comma-separated list of values, and none of them can be empty.');
  const policies = input.Policies === undefined ? before?.policies?.map(({ done: _done, ...policy }) => policy) : parsePolicies(input.Policies);
  const tier = chooseTier(input, before, policies ?? []);
  const description = input.Description ?? before?.description;
  const allowedPattern = input.AllowedPattern ?? before?.allowedPattern;
  if (allowedPattern !== undefined) requireMatch(allowedPattern, value);
  return {
    type,
    tier,
    dataType,
    ...(keyId === undefined ? {} : { keyId }),
    ...(description === undefined || description === '' ? {} : { description }),
    ...(allowedPattern === undefined || allowedPattern === '' ? {} : { allowedPattern }),
    ...(policies === undefined || policies.length === 0 ? {} : { policies }),
  };
}

function chooseTier({ Tier: asked, Value: value = '' }: PutParameterRequest, before: VersionRow | undefined, policies: readonly ParameterPolicy[]): Tier {
  const bytes = Buffer.byteLength(value);
  const needsAdvanced = bytes > standardValueBytesMax || policies.length > 0;
  if (bytes > advancedValueBytesMax) throw validation(`Advanced tier parameters support a maximum parameter value of ${advancedValueBytesMax} characters.`);
  if (asked === 'Standard' && before?.tier === 'Advanced') {
    throw validation(
      "This parameter uses the advanced-parameter tier. You can't downgrade a parameter from the advanced-parameter tier to the standard-parameter tier. If necessary, you can delete the advanced parameter and recreate it as a standard parameter. Be aware that standard parameters have a value limit of 4096 characters.",
    );
  }
  if (asked === 'Advanced' || before?.tier === 'Advanced') return 'Advanced';
  if (asked === 'Intelligent-Tiering') return needsAdvanced ? 'Advanced' : 'Standard';
  if (bytes > standardValueBytesMax) {
    throw validation(
      'Standard tier parameters support a maximum parameter value of 4096 characters. To create a larger parameter value, upgrade the parameter to use the advanced-parameter tier. For more information, see https://docs.aws.amazon.com/systems-manager/latest/userguide/parameter-store-advanced-parameters.html',
    );
  }
  if (policies.length > 0) throw validation('Parameter policies are supported by the advanced-parameter tier only. To use them, upgrade the parameter to the advanced-parameter tier.');
  return 'Standard';
}

async function requireRoom(tx: Transaction, scope: Scope, tier: Tier): Promise<void> {
  const limit = tier === 'Standard' ? standardParametersMax : advancedParametersMax;
  if ((await countParameters(tx, scope, tier)) >= limit) throw tooManyParameters();
}

// User guide, "Working with parameter versions": the oldest goes, unless it has a label. Whoever writes a version also writes the
// parameter's row, so versions and labels are as good as checked.
async function makeRoom(tx: Transaction, scope: Scope, name: string, { id, latest }: ParameterRow): Promise<void> {
  // Versions are numbered without gaps from the oldest that is kept.
  if (latest.version < versionsMax) return;
  const [oldest] = await versions.list(tx, scope, [id], { limit: 1 });
  if (oldest === undefined || latest.version - oldest.row.version + 1 < versionsMax) return;
  const labelled = await listLabels(tx, scope, id);
  if ([...labelled.values()].includes(oldest.row.version)) throw oldestIsLabelled(name, oldest.row.version);
  versions.clear(tx, scope, [id, oldest.row.version]);
}

const userOf = ({ caller }: Call): string => (caller.kind === 'anonymous' ? 'anonymous' : caller.arn);
