import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { SigningCredentials } from '../wire/sigv4.ts';
import type { ServerLocation } from './serverConnection.ts';
import type { Terminal } from './terminal.ts';

// On loopback any key that Haneul did not issue is the administrator (design: "Identity").
const anyKey: SigningCredentials = { accessKeyId: 'test', secretAccessKey: 'test' };

/** The administrator's key of the server in this data directory; any key where the server trusts those it does not know. */
export function administratorKey(location: ServerLocation): SigningCredentials {
  return readRootKey(location.dataFolder) ?? anyKey;
}

/** What the commands sign with: the environment's key when it was made for Haneul, else the administrator's. */
export function callerKey(location: ServerLocation, { environment }: Terminal): SigningCredentials {
  const accessKeyId = environment['AWS_ACCESS_KEY_ID'];
  const secretAccessKey = environment['AWS_SECRET_ACCESS_KEY'];
  // Without AWS_ENDPOINT_URL these are somebody's keys of the real AWS, and none of this server's business.
  if (!accessKeyId || !secretAccessKey || !environment['AWS_ENDPOINT_URL']) return administratorKey(location);
  const sessionToken = environment['AWS_SESSION_TOKEN'];
  return { accessKeyId, secretAccessKey, ...(sessionToken ? { sessionToken } : {}) };
}

// Written by a server that trusts no unknown keys, readable by its own user only (server/secrets.ts).
function readRootKey(dataFolder: string): SigningCredentials | undefined {
  try {
    const content: unknown = JSON.parse(readFileSync(join(dataFolder, 'root-key.json'), 'utf8'));
    if (typeof content !== 'object' || content === null || !('accessKeyId' in content) || !('secretAccessKey' in content)) return undefined;
    return { accessKeyId: String(content.accessKeyId), secretAccessKey: String(content.secretAccessKey) };
  } catch {
    return undefined;
  }
}
