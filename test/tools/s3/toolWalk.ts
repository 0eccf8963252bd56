import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { after, before } from 'node:test';
import { GetObjectCommand, HeadObjectCommand, ListBucketsCommand, ListObjectsV2Command, PutBucketOwnershipControlsCommand } from '@aws-sdk/client-s3';
import { createS3Walk, s3WalkSteps, type S3WalkStep } from '../../support/clientWalk.ts';
import type { CommandResult } from '../../support/runCommand.ts';
import { sdkClients, type SdkClients } from '../../support/sdkClients.ts';
import { startTestServer, type TestServer } from '../../support/testServer.ts';
import { bigFile, makeWalkFolder, treeFiles, type WalkFolder } from './walkFolder.ts';

export type RunTool = (args: readonly string[]) => Promise<CommandResult>;

/** A command-line tool pointed at a server of its own, and what the server has to say to it by another client. */
export interface ToolScene {
  readonly endpoint: string;
  /** Path of a file of the walk's folder. */
  file(name: string): string;
  /** A command that must succeed; answers what it printed. */
  ok(...args: string[]): Promise<string>;
  /** A command that must fail with words that match. */
  fails(words: RegExp, ...args: string[]): Promise<void>;
  body(key: string): Promise<string>;
  keys(prefix: string): Promise<string[]>;
  buckets(): Promise<string[]>;
  type(key: string): Promise<[type: string | undefined, city: string | undefined, size: number | undefined]>;
  ownership(setting: 'ObjectWriter'): Promise<void>;
  /** The object is the big file, and was made of three parts. */
  isBigInParts(key: string): Promise<void>;
}

export type ToolSteps = Partial<Record<S3WalkStep, (scene: ToolScene) => Promise<void>>>;

/** Declares the walk of a tool: the steps it has, in the order of the walk. `point` makes it speak to an endpoint. */
export function declareToolWalk(client: string, missing: string | undefined, point: (endpoint: string) => RunTool, steps: ToolSteps): void {
  const walk = createS3Walk(client, missing);
  let server: TestServer | undefined;
  let clients: SdkClients | undefined;
  let folder: WalkFolder | undefined;
  let scene: ToolScene | undefined;
  before(async () => {
    if (missing !== undefined) return;
    server = await startTestServer();
    clients = sdkClients(server.endpoint);
    folder = makeWalkFolder();
    scene = makeScene(server.endpoint, point(server.endpoint), clients, folder.path);
  });
  after(async () => {
    clients?.destroy();
    folder?.remove();
    await server?.stop();
  });
  for (const name of s3WalkSteps) {
    const run = steps[name];
    if (run === undefined) walk.absent(name);
    else walk.step(name, () => run(scene ?? assert.fail('the server did not start')));
  }
}

function makeScene(endpoint: string, run: RunTool, { s3 }: SdkClients, folder: string): ToolScene {
  const Bucket = 'walk';
  return {
    endpoint,
    file: (name) => join(folder, name),
    async ok(...args) {
      const { exitCode, stdout, stderr } = await run(args);
      assert.equal(exitCode, 0, `${args.join(' ')}: ${stderr}${stdout}`);
      return stdout;
    },
    async fails(words, ...args) {
      const { exitCode, stdout, stderr } = await run(args);
      assert.notEqual(exitCode, 0, args.join(' '));
      assert.match(stderr + stdout, words);
    },
    async body(Key) {
      return (await (await s3.send(new GetObjectCommand({ Bucket, Key }))).Body?.transformToString()) ?? '';
    },
    async keys(Prefix) {
      return ((await s3.send(new ListObjectsV2Command({ Bucket, Prefix }))).Contents ?? []).map(({ Key = '' }) => Key);
    },
    async buckets() {
      return ((await s3.send(new ListBucketsCommand({}))).Buckets ?? []).map(({ Name = '' }) => Name);
    },
    async type(Key) {
      const { ContentType, Metadata, ContentLength } = await s3.send(new HeadObjectCommand({ Bucket, Key }));
      return [ContentType, Metadata?.['city'], ContentLength];
    },
    async ownership(ObjectOwnership) {
      await s3.send(new PutBucketOwnershipControlsCommand({ Bucket, OwnershipControls: { Rules: [{ ObjectOwnership }] } }));
    },
    async isBigInParts(Key) {
      const { ETag = '', Body } = await s3.send(new GetObjectCommand({ Bucket, Key }));
      assert.match(ETag, /^"[0-9a-f]{32}-3"$/);
      assert.equal(digest((await Body?.transformToByteArray()) ?? new Uint8Array()), digest(bigFile));
    },
  };
}

export const digest = (bytes: Uint8Array): string => createHash('md5').update(bytes).digest('hex');

/** The file holds what was uploaded in parts. */
export function isBigFile(path: string): void {
  assert.equal(digest(readFileSync(path)), digest(bigFile));
}

/** The folder holds the small tree, and nothing else. */
export function isTree(path: string): void {
  assert.ok(existsSync(path), `${path} is not there`);
  const names = (readdirSync(path, { recursive: true }) as string[]).filter((name) => statSync(join(path, name)).isFile());
  assert.deepEqual(Object.fromEntries(names.map((name) => [name, readFileSync(join(path, name), 'utf8')])), treeFiles);
}

/** What a URL answers to a program that knows nothing of S3. */
export async function fetchText(url: string, init: RequestInit = {}): Promise<string> {
  const answer = await fetch(url.trim(), init);
  const body = await answer.text();
  assert.equal(answer.status, 200, body);
  return body;
}
