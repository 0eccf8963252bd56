// Container images made by the tests themselves, without docker: layers are tar archives, the rest is JSON.
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { installOnce, installStep, type Missing } from './installOnce.ts';

export interface TarEntry {
  readonly path: string;
  readonly content?: Uint8Array | string;
  readonly mode?: number;
  /** `0` a file (the standard), `5` a folder, `2` a symbolic link, `1` a hard link, `3` and `4` devices. */
  readonly type?: string;
  readonly link?: string;
  /** What the header says instead of the truth. */
  readonly size?: number;
}

/** A ustar archive. */
export function makeTar(entries: readonly TarEntry[]): Buffer {
  const blocks: Buffer[] = [];
  for (const { path, content = '', mode = 0o755, type = '0', link = '', size } of entries) {
    const body = Buffer.from(content);
    const header = Buffer.alloc(512);
    header.write(path, 0, 100);
    header.write(`${mode.toString(8).padStart(7, '0')}\0${'0'.repeat(7)}\0${'0'.repeat(7)}\0`, 100);
    header.write(`${(size ?? body.length).toString(8).padStart(11, '0')}\0${'0'.repeat(11)}\0        `, 124);
    header.write(type, 156);
    header.write(link, 157, 100);
    header.write('ustar\x0000', 257);
    const sum = header.reduce((total, byte) => total + byte, 0);
    header.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148);
    blocks.push(header, body, Buffer.alloc((512 - (body.length % 512)) % 512));
  }
  return Buffer.concat([...blocks, Buffer.alloc(1024)]);
}

export interface TestImage {
  readonly manifest: string;
  readonly mediaType: string;
  readonly digest: string;
  readonly configDigest: string;
  /** Layers and configuration, by digest. */
  readonly blobs: ReadonlyMap<string, Buffer>;
}

export const sha256 = (body: Uint8Array): string => `sha256:${createHash('sha256').update(body).digest('hex')}`;

export interface ImageSettings {
  readonly layers: readonly (readonly TarEntry[] | Buffer)[];
  readonly config?: object;
  readonly architecture?: string;
  readonly isDocker?: boolean;
}

/** An image of these layers, gzipped. */
export function makeImage({ layers, config = {}, architecture = process.arch === 'arm64' ? 'arm64' : 'amd64', isDocker = false }: ImageSettings): TestImage {
  const tars = layers.map((layer) => (Buffer.isBuffer(layer) ? layer : makeTar(layer)));
  const zipped = tars.map((tar) => gzipSync(tar));
  const configuration = Buffer.from(JSON.stringify({ architecture, os: 'linux', config, rootfs: { type: 'layers', diff_ids: tars.map(sha256) } }));
  const type = (oci: string, docker: string): string => (isDocker ? `application/vnd.docker.${docker}` : `application/vnd.oci.image.${oci}`);
  const mediaType = type('manifest.v1+json', 'distribution.manifest.v2+json');
  const manifest = JSON.stringify({
    schemaVersion: 2,
    mediaType,
    config: { mediaType: type('config.v1+json', 'container.image.v1+json'), digest: sha256(configuration), size: configuration.length },
    layers: zipped.map((body) => ({ mediaType: type('layer.v1.tar+gzip', 'image.rootfs.diff.tar.gzip'), digest: sha256(body), size: body.length })),
  });
  return {
    manifest, mediaType, digest: sha256(Buffer.from(manifest)), configDigest: sha256(configuration),
    blobs: new Map([...zipped, configuration].map((body) => [sha256(body), body])),
  };
}

export interface Registry {
  readonly endpoint: string;
  /** What GetAuthorizationToken answers. */
  readonly token: string;
}

export const loginOf = ({ token }: Registry): Record<string, string> => ({ authorization: `Basic ${token}` });

/** Pushes as docker does: HEAD, POST, PATCH, PUT for each blob, and the manifest at last. */
export async function pushImage(registry: Registry, repository: string, tag: string, image: TestImage): Promise<void> {
  const base = `${registry.endpoint}/v2/${repository}`;
  const headers = loginOf(registry);
  for (const [digest, body] of image.blobs) {
    if ((await fetch(`${base}/blobs/${digest}`, { method: 'HEAD', headers })).status === 200) continue;
    const begun = await fetch(`${base}/blobs/uploads/`, { method: 'POST', headers });
    assert.equal(begun.status, 202, await begun.text());
    const location = new URL(begun.headers.get('location') ?? '', registry.endpoint);
    const sent = await fetch(location, { method: 'PATCH', headers: { ...headers, 'content-type': 'application/octet-stream' }, body: new Uint8Array(body) });
    assert.equal(sent.status, 202, await sent.text());
    const done = await fetch(`${location.href}?digest=${digest}`, { method: 'PUT', headers });
    assert.equal(done.status, 201, await done.text());
  }
  const put = await fetch(`${base}/manifests/${tag}`, { method: 'PUT', headers: { ...headers, 'content-type': image.mediaType }, body: image.manifest });
  assert.equal(put.status, 201, await put.text());
}

const craneVersion = '0.20.2';

/** The `crane` program (github.com/google/go-containerregistry), built once, or why it cannot be had here. */
export async function requireCrane(): Promise<string | Missing> {
  const folder = await installOnce(`crane-${craneVersion}`, async (target) => {
    await installStep('env', ['GOFLAGS=-mod=mod', `GOBIN=${target}`, 'go', 'install', `github.com/google/go-containerregistry/cmd/crane@v${craneVersion}`], target);
  });
  return typeof folder === 'string' ? join(folder, 'crane') : folder;
}
