import { isLabel } from '../domain/labels.ts';
import { tooManyLabels, versionNotFound } from '../errors.ts';
import { tellChange } from '../events.ts';
import { labelsMax } from '../limits.ts';
import { parameterAccess, requireParameter } from '../lookup.ts';
import { operation } from '../operation.ts';
import { labels, listLabels, setParameter, versions } from '../store.ts';

export const labelParameterVersion = operation('LabelParameterVersion', {
  access: ({ Name = '' }, call, deps) => parameterAccess('LabelParameterVersion', Name, call, deps),
  handle: ({ Name = '', ParameterVersion, Labels = [] }, call, deps) =>
    deps.store.transact(async (tx) => {
      const { scope, name, row } = await requireParameter(tx, call, Name);
      const version = ParameterVersion ?? row.latest.version;
      if ((await versions.get(tx, scope, [row.id, version])) === undefined) throw versionNotFound(version, name);
      const held = await listLabels(tx, scope, row.id);
      const valid = Labels.filter(isLabel);
      const own = new Set([...held].flatMap(([label, holder]) => (holder === version ? label : [])));
      for (const label of valid) own.add(label);
      if (own.size > labelsMax) throw tooManyLabels();
      // A label that another version had moves (user guide, "Working with parameter labels").
      for (const label of valid) labels.set(tx, scope, [row.id, label], { version });
      // Written, so that whoever makes or removes versions meanwhile tries again.
      setParameter(tx, scope, name, row);
      if (valid.length > 0) await tellChange(tx, { scope, name, version: row.latest, atMs: call.nowMs }, 'LabelParameterVersion', deps, { labels: valid.join(',') });
      return { InvalidLabels: Labels.filter((label) => !isLabel(label)), ParameterVersion: version };
    }),
});

export const unlabelParameterVersion = operation('UnlabelParameterVersion', {
  access: ({ Name = '' }, call, deps) => parameterAccess('UnlabelParameterVersion', Name, call, deps),
  handle: ({ Name = '', ParameterVersion: version = 0, Labels = [] }, call, { store }) =>
    store.transact(async (tx) => {
      const { scope, name, row } = await requireParameter(tx, call, Name);
      if ((await versions.get(tx, scope, [row.id, version])) === undefined) throw versionNotFound(version, name);
      const removed: string[] = [];
      const invalid: string[] = [];
      for (const label of new Set(Labels)) {
        const holder = isLabel(label) ? await labels.get(tx, scope, [row.id, label]) : undefined;
        (holder?.version === version ? removed : invalid).push(label);
      }
      for (const label of removed) labels.clear(tx, scope, [row.id, label]);
      setParameter(tx, scope, name, row);
      return { RemovedLabels: removed, InvalidLabels: invalid };
    }),
});
