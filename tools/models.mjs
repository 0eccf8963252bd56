// `npm run models [-- SERVICE …]`: writes src/model/<id>.json from the official API models that tools/models/sources.json pins.
// Needs python3 with pip (botocore's models) and, for services taken from Maven, mvn. Plain JavaScript: it runs without a build.
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
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
    : compactBotocore(only(await botocoreModel(root, sources.botocore, source.botocore), source.only), { id, source: `botocore ${sources.botocore} ${source.botocore}` });
  const text = printModel(overlay(model, overlays[id] ?? {}));
  writeFileSync(join(root, 'src/model', `${id}.json`), text);
  process.stderr.write(`haneul: src/model/${id}.json ${Math.ceil(text.length / 1024)} KB, ${Object.keys(model.operations).length} operations\n`);
}

writeIndex();

// The heads of all models in one small file: a server reads it at start, and a whole model when its first request comes.
function writeIndex() {
  const folder = join(root, 'src/model');
  const heads = readdirSync(folder).filter((name) => name.endsWith('.json')).sort().map((name) => {
    const { operations, shapes, source, ...head } = JSON.parse(readFileSync(join(folder, name), 'utf8'));
    return JSON.stringify({ ...head, roots: pathRoots(head, operations) });
  });
  mkdirSync(join(folder, 'index'), { recursive: true });
  writeFileSync(join(folder, 'index/heads.json'), `{"format":1,\n"source":"the models beside it",\n"services":[\n${heads.join(',\n')}\n]}\n`);
}

// What the paths of a REST service begin with; `*` where that is for the caller to choose.
function pathRoots({ protocols }, operations) {
  if (!protocols.some((name) => name.startsWith('rest'))) return undefined;
  const roots = Object.values(operations).map(({ http = 'POST /' }) => http.split(' ')[1].split('?')[0].split('/')[1]);
  return [...new Set(roots.map((root) => (root.startsWith('{') ? '*' : root)))].sort();
}

// Of a service as large as EC2 only the operations are kept whose names hold one of these words.
function only(model, words) {
  if (!words) return model;
  const operations = Object.fromEntries(Object.entries(model.operations).filter(([name]) => words.some((word) => name.includes(word))));
  return { ...model, operations };
}

// What the official models do not say. `shapes` and `operations` change facts of single ones; null removes a fact, or an operation.
function overlay(model, { shapes = {}, operations = {}, ...head }) {
  for (const [name, facts] of Object.entries(shapes)) model.shapes[name] = sparse({ ...model.shapes[name], ...facts });
  for (const [name, facts] of Object.entries(operations)) {
    if (facts === null) delete model.operations[name];
    else model.operations[name] = sparse({ ...model.operations[name], ...facts });
  }
  return { ...model, ...head };
}
