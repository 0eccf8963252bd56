import { describeVersion } from '../domain/configuration.ts';
import { refuseUnimplemented } from '../domain/settings.ts';
import { errors } from '../errors.ts';
import { accessTo, requireFunction, requireRevision, wholeFunctionOf } from '../lookup.ts';
import { operation } from '../operation.ts';
import { publish } from '../versions.ts';

const implemented = new Set(['FunctionName', 'CodeSha256', 'Description', 'RevisionId']);

export const publishVersion = operation('PublishVersion', {
  access: accessTo('lambda:PublishVersion'),
  async handle(input, call, { store, random, variables, snapshots }) {
    const reference = wholeFunctionOf(input, call);
    refuseUnimplemented(input, implemented);
    const row = await store.transact(async (tx) => {
      const head = await requireFunction(tx, reference);
      requireRevision(head.latest, input.RevisionId);
      const sha256 = Buffer.from(head.latest.code.sha256, 'hex').toString('base64');
      if (input.CodeSha256 && input.CodeSha256 !== sha256) {
        throw errors.invalidParameter(`CodeSHA256 (${input.CodeSha256}) is different from current CodeSHA256 in $LATEST (${sha256}). Please try again with the CodeSHA256 in $LATEST.`);
      }
      return publish(tx, reference, head, { description: input.Description, random, variables });
    });
    snapshots.begin({ place: reference, name: reference.name, row });
    return describeVersion({ place: reference, name: reference.name, row, qualifier: undefined }, (deployment) => variables.show(deployment, call));
  },
});
