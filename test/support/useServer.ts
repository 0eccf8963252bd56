import assert from 'node:assert/strict';
import { after, before } from 'node:test';
import { makeExecutionRole } from './executionRole.ts';
import { sdkClients, type SdkClients } from './sdkClients.ts';
import { startTestServer, type TestServer, type TestServerOptions } from './testServer.ts';

export interface Scene {
  readonly server: TestServer;
  /** Clients that act as the local root user. */
  readonly aws: SdkClients;
  /** A role that Lambda may assume and that may write logs. */
  readonly roleArn: string;
}

/**
 * One server for all tests of a file, started before the first and stopped after the last. What the tests share besides is made
 * by `prepare`, which runs once the server is there.
 */
export function useServer(options: TestServerOptions = {}, prepare?: (scene: Scene) => Promise<void>): () => Scene {
  let scene: Scene | undefined;
  before(async () => {
    const server = await startTestServer(options);
    const aws = sdkClients(server.endpoint);
    scene = { server, aws, roleArn: await makeExecutionRole(server.endpoint) };
    await prepare?.(scene);
  });
  after(async () => {
    scene?.aws.destroy();
    await scene?.server.stop();
  });
  return () => {
    assert.ok(scene, 'the server did not start');
    return scene;
  };
}
