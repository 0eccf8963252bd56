// An issuer whose certificate no public authority vouches for is taken by a thumbprint of its chain, and not without.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_providers_create_oidc_verify-thumbprint.html

import assert from 'node:assert/strict';
import { createHash, X509Certificate } from 'node:crypto';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { test } from 'node:test';
import { wallClock } from '../../../src/base/clock.ts';
import { cryptoRandom } from '../../../src/base/random.ts';
import { createAuthority } from '../../../src/server/tls/authority.ts';
import { fetchDocument, UntrustedCertificateError } from '../../../src/services/sts/web-identity/fetchDocument.ts';

test('the keys of an issuer are fetched by the thumbprint of its authority or its own certificate, and by no other', async (context) => {
  const authority = createAuthority({ dataFolder: undefined, host: '127.0.0.1', wall: wallClock, random: cryptoRandom });
  const { certificatePem, keyPem } = authority.unnamed();
  const web = createServer({ cert: certificatePem, key: keyPem }, (_request, answer) => void answer.end('{"keys":[]}'));
  await new Promise<void>((resolve) => web.listen(0, '0.0.0.0', resolve));
  context.after(() => {
    web.closeAllConnections();
    web.close();
  });
  const url = new URL(`https://127.0.0.1:${(web.address() as AddressInfo).port}/keys`);
  const ask = (...thumbprints: string[]): Promise<unknown> => fetchDocument({ url, thumbprints, wall: wallClock, allowsLoopback: true });
  const thumbprintOf = (pem: string): string => createHash('sha1').update(new X509Certificate(pem).raw).digest('hex');
  await assert.rejects(ask(), UntrustedCertificateError);
  await assert.rejects(ask('a'.repeat(40)), UntrustedCertificateError);
  assert.deepEqual(await ask(thumbprintOf(authority.authorityPem() ?? '')), { keys: [] });
  assert.deepEqual(await ask('a'.repeat(40), thumbprintOf(certificatePem)), { keys: [] });
  // The same certificate under another name proves nothing.
  url.hostname = '127.0.0.2';
  await assert.rejects(ask(thumbprintOf(authority.authorityPem() ?? '')));
});
