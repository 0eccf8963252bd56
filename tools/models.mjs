// `npm run models [-- SERVICE …]`: writes src/model/<id>.json from the official API models that tools/models/sources.json pins.
// Needs python3 with pip (botocore's models) and, for services taken from Maven, mvn. Plain JavaScript: it runs without a build.
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { printModel, sparse } from './models/compact.mjs';
import { botocoreModel, mavenModel } from './models/download.mjs';
import { compactBotocore } from './models/botocore.mjs';
import { compactSmithy } from './models/smithy.mjs';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const sources = JSON.parse(readFileSync(join(root, 'tools/models/sources.json'), 'utf8'));
const overlays = JSON.parse(readFileSync(join(root, 'tools/models/overlays.json'), 'utf8'));
const wanted = process.argv.slice(2);
const ids = wanted.length > 0 ? wanted : Object.keys(sources.services);

mkdirSync(join(root, 'src/model'), { recursive: true });
for (const id of ids) {
  const source = sources.services[id];
  if (!source) throw new Error(`${id} is not in tools/models/sources.json`);
  const model = source.maven
    ? compactSmithy(await mavenModel(root, source.maven), { id, source: source.maven })
    : compactBotocore(await botocoreModel(root, sources.botocore, source.botocore), { id, source: `botocore ${sources.botocore} ${source.botocore}` });
  const text = printModel(overlay(model, overlays[id] ?? {}));
  writeFileSync(join(root, 'src/model', `${id}.json`), text);
  process.stderr.write(`haneul: src/model/${id}.json ${Math.ceil(text.length / 1024)} KB, ${Object.keys(model.operations).length} operations\n`);
}

// What the official models do not say. `shapes` and `operations` change facts of single ones; null removes a fact.
function overlay(model, { shapes = {}, operations = {}, ...head }) {
  for (const [name, facts] of Object.entries(shapes)) model.shapes[name] = sparse({ ...model.shapes[name], ...facts });
  for (const [name, facts] of Object.entries(operations)) model.operations[name] = sparse({ ...model.operations[name], ...facts });
  return { ...model, ...head };
}
