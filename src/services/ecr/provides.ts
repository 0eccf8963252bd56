import { createServiceAccess } from '../../framework/serviceAccess.ts';
import { createAccountAccess } from '../../framework/accountAccess.ts';
import type { ImageAddress, ImageAsker, ImageReader } from '../../ports/imageReader.ts';
import { isDigest } from './domain/manifest.ts';
import { isRepositoryName, isTag, repositoryArn } from './domain/names.ts';
import { findImage } from './images.ts';
import { findRepository, withResource } from './operation.ts';
import type { EcrDeps } from './operation.ts';
import { layers, policies } from './store.ts';

const pullActions = ['ecr:BatchGetImage', 'ecr:GetDownloadUrlForLayer'];

/** What services that run images may ask. */
export function createImageReader({ store, blobs }: EcrDeps): ImageReader {
  const serviceMay = createServiceAccess();
  const accountMay = createAccountAccess();

  // Lambda adds itself to the policy of a repository in the function's own account when whoever creates the function may do so (user guide,
  // "Amazon ECR permissions"): so there nothing more is asked. Another account's repository must name both the account and the service.
  function isLetIn(address: ImageAddress, policy: string | undefined, asker: ImageAsker): boolean {
    if (address.account === asker.account) return true;
    if (policy === undefined) return false;
    const resource = repositoryArn(address, address.repository);
    const document = withResource(policy, resource);
    const conditions = { 'aws:SourceArn': asker.sourceArn, 'aws:SourceAccount': asker.account };
    const shared = { document, resource, nowMs: asker.nowMs, region: address.region };
    return pullActions.every((action) => serviceMay({ ...shared, service: asker.service, action, conditions }) && accountMay({ ...shared, account: asker.account, action }));
  }

  async function findLayer({ account, region, repository }: ImageAddress, digest: string) {
    const scope = { account, region };
    return store.read(async (tx) => {
      const found = await findRepository(tx, scope, repository);
      return found && layers.get(tx, scope, [found.row.id, digest]);
    });
  }

  return {
    parse: parseImageUri,
    async readManifest(address, asker) {
      const scope = { account: address.account, region: address.region };
      const { found, stored, policy } = await store.read(async (tx) => {
        const found = await findRepository(tx, scope, address.repository);
        return { found, stored: found && (await findImage(tx, found, address.reference)), policy: found && (await policies.get(tx, scope, [found.row.id])) };
      });
      const resource = repositoryArn(address, address.repository);
      if (asker.permits !== undefined && address.account === asker.account) {
        const resourcePolicy = policy === undefined ? {} : { resourcePolicy: withResource(policy.document, resource) };
        for (const action of pullActions) if (!(await asker.permits({ action, resource, ...resourcePolicy }))) return { problem: 'denied' };
      }
      if (found === undefined) return { problem: address.account === asker.account ? 'no-repository' : 'denied' };
      if (!isLetIn(address, policy?.document, asker)) return { problem: 'denied' };
      if (stored === undefined) return { problem: 'no-image' };
      return { digest: stored.digest, mediaType: stored.image.mediaType, text: (await blobs.read(stored.image.manifest)).toString('utf8') };
    },
    async readBlob(address, digest, bytesMax) {
      const layer = await findLayer(address, digest);
      return layer === undefined || layer.bytes > bytesMax ? undefined : blobs.read(layer.blob);
    },
    async holdBlob(address, digest) {
      const layer = await findLayer(address, digest);
      if (layer === undefined) return undefined;
      return { path: blobs.filePath(layer.blob), bytes: layer.bytes, release: blobs.keep([layer.blob]) };
    },
  };
}

const uriForm = /^(\d{12})\.dkr[.-]ecr\.([a-z0-9-]+)\.[a-z0-9.-]+(?::\d+)?\/([^:@]+)(?::([^@]+))?(?:@(.+))?$/;

/** `<account>.dkr.ecr.<region>.…/<repository>:<tag>` or `@<digest>`; with neither, the tag is `latest`. */
export function parseImageUri(uri: string): ImageAddress | undefined {
  const [, account = '', region = '', repository = '', tag, digest] = uriForm.exec(uri) ?? [];
  if (!isRepositoryName(repository) || (tag !== undefined && !isTag(tag)) || (digest !== undefined && !isDigest(digest))) return undefined;
  return { account, region, repository, reference: digest ?? tag ?? 'latest' };
}
