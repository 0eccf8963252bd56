// What identity services are handed as documents by anybody: SAML responses and metadata, keys and certificates. Broken ones are refused in
// the service's words, and none that was changed behind its signature is believed.
// HANEUL_FUZZ_SEED repeats a run.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ServiceError } from '../../src/base/errors.ts';
import { createSeededRandom } from '../../src/base/random.ts';
import { readXmlDocument, walk } from '../../src/framework/xmlDocument.ts';
import type { SamlProvider } from '../../src/ports/identity.ts';
import { readSamlMetadata } from '../../src/services/iam/domain/samlMetadata.ts';
import { readSshKey } from '../../src/services/iam/domain/sshKeys.ts';
import { readAssertion } from '../../src/services/sts/saml/readAssertion.ts';
import { verifyResponse } from '../../src/services/sts/saml/verifyResponse.ts';
import { createSamlIdp } from '../support/samlIdp.ts';
import { createDice, type Dice } from './hostileStreams.ts';

const seed = Number(process.env['HANEUL_FUZZ_SEED'] ?? Date.now() % 1_000_000);
const nowMs = Date.UTC(2026, 0, 1);
const idp = createSamlIdp(() => nowMs);
const provider: SamlProvider = { arn: 'arn:aws:iam::000000000000:saml-provider/Idp', account: '000000000000', name: 'Idp', issuer: idp.entityId, certificates: [idp.certificate.certificate] };
const attributes = { Role: ['arn:aws:iam::000000000000:role/r,arn:aws:iam::000000000000:saml-provider/Idp'], RoleSessionName: ['alice'] };
const signed = (['Assertion', 'Response'] as const).map((name) => idp.document({ attributes, signed: [name] }));

const pieces = ['<', '>', '/', '"', '&', '&amp;', '<!---->', '<![CDATA[x]]>', '<?x?>', '<!DOCTYPE a>', ' ID="_assertion"', ' ID="_evil"', ' xmlns:saml="urn:evil"', ' xmlns=""', '&#x41;', '\u0000', '\ud800', '\ufeff', 'alice', 'root'] as const;

/** Bytes changed here and there, elements doubled, moved and renamed. */
function distort(text: string, dice: Dice): string {
  let result = text;
  for (let count = 1 + dice.below(3); count > 0; count -= 1) {
    const at = dice.below(result.length);
    const tags = [...result.matchAll(/<[a-z]+:(\w+)[ >][^]*?<\/[a-z]+:\1>/g)];
    const tag = tags[dice.below(tags.length)]?.[0] ?? 'x';
    const other = tags[dice.below(tags.length)]?.[0] ?? 'y';
    result = dice.pick([
      () => result.slice(0, at) + dice.pick([...pieces]) + result.slice(at),
      () => result.slice(0, at) + result.slice(at + 1 + dice.below(20)),
      () => result.slice(0, at) + String.fromCharCode(32 + dice.below(95)) + result.slice(at + 1),
      () => result.replace(tag, () => tag + tag),
      () => result.replace(tag, ''),
      () => result.replace(tag, () => tag + other),
      () => result.replace('alice@example.com', 'root@example.com'),
      () => result.replace(/_assertion/, '_other'),
      () => result.replace('saml:Assertion', 'saml:Assertion xmlns:x="y"'),
    ])();
  }
  return result;
}

// IAM's errors have their status from the model.
const isRefusal = (error: unknown): boolean => error instanceof ServiceError && (error.status ?? 400) >= 400 && (error.status ?? 400) < 500;

test(`verifyResponse believes nothing that was changed behind its signature (seed ${seed})`, () => {
  const dice = createDice(createSeededRandom(seed));
  let believed = 0;
  for (let round = 0; round < 400; round += 1) {
    const [first = '', second = ''] = signed;
    const text = distort(dice.chance(0.5) ? first : second, dice);
    try {
      const { subject, roleSessionName, roles, issuer } = readAssertion(verifyResponse(Buffer.from(text).toString('base64'), provider), provider, nowMs);
      // What is outside the signature may change; what is read may not.
      assert.deepEqual([subject, roleSessionName, roles, issuer], ['alice@example.com', 'alice', attributes.Role, idp.entityId], text);
      believed += 1;
    } catch (error) {
      if (error instanceof assert.AssertionError) throw error;
      assert.ok(isRefusal(error), `${String(error)} for ${text}`);
    }
  }
  assert.ok(believed > 0 && believed < 300, `${believed} of 400 were believed`);
});

test(`readXmlDocument and readSamlMetadata refuse what they cannot read in words (seed ${seed})`, () => {
  const dice = createDice(createSeededRandom(seed + 1));
  let read = 0;
  for (let round = 0; round < 1_500; round += 1) {
    const text = distort(idp.metadata(), dice);
    const root = readXmlDocument(text, dice.chance(0.5) ? 'strict' : 'lenient');
    if (root) assert.ok([...walk(root)].length > 0);
    try {
      assert.equal(readSamlMetadata(text).certificates.length, 1);
      read += 1;
    } catch (error) {
      assert.ok(isRefusal(error), `${String(error)} for ${text}`);
    }
  }
  assert.ok(read > 100 && read < 1_400, `${read} of 1500 could be read`);
});

test(`readSshKey refuses broken keys in words (seed ${seed})`, () => {
  const dice = createDice(createSeededRandom(seed + 2));
  const pem = idp.certificate.publicKey.export({ type: 'spki', format: 'pem' }).toString();
  const ssh = readSshKey(pem);
  let read = 0;
  for (let round = 0; round < 1_500; round += 1) {
    const whole = dice.chance(0.5) ? pem : ssh;
    const at = dice.below(whole.length);
    const text = dice.pick([() => whole, () => whole.slice(0, at), () => whole.slice(0, at) + dice.pick(['A', '/', '=', '\n', ' ', '-', 'é']) + whole.slice(at + 1), () => whole.slice(0, at) + whole.slice(at + dice.below(9))])();
    try {
      readSshKey(text);
      read += 1;
    } catch (error) {
      assert.ok(isRefusal(error), `${String(error)} for ${text}`);
    }
  }
  assert.ok(read > 100 && read < 1_400, `${read} of 1500 could be read`);
});
