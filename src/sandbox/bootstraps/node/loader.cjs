// Finds the handler that a name like `folder/module.path.to.handler` means.
'use strict';

const fs = require('node:fs');
const path = require('node:path');
const Module = require('node:module');
const { HandlerNotFound, ImportModuleError, MalformedHandlerName, UserCodeSyntaxError } = require('./errors.cjs');

// There for `import` alone, which knows no NODE_PATH: `require` goes by that, and finds what a layer has for this version of Node.js first.
const linksForImport = new Set(['/var/node_modules', '/node_modules']);

/** Before any code of the function's. */
exports.installPaths = () => {
  const nodeModulePaths = Module._nodeModulePaths;
  Module._nodeModulePaths = (from) => nodeModulePaths(from).filter((folder) => !linksForImport.has(folder));
};

/** Loads the user's module and answers its handler function. */
exports.loadHandler = async (taskFolder, name) => {
  if (name.includes('..')) {
    throw new MalformedHandlerName(`'${name}' is not a valid handler name. Use absolute paths when specifying root directories in handler names.`);
  }
  const base = path.basename(name);
  const folder = name.slice(0, name.indexOf(base));
  const [, module, property] = /^([^.]*)\.(.*)$/.exec(base) || [];
  if (property === undefined) throw new MalformedHandlerName('Bad handler');
  const loaded = await loadModule(path.resolve(taskFolder, folder), module, taskFolder);
  const handler = property.split('.').reduce((value, key) => value && value[key], loaded);
  if (!handler) throw new HandlerNotFound(`${name} is undefined or not exported`);
  if (typeof handler !== 'function') throw new HandlerNotFound(`${name} is not a function`);
  return handler;
};

async function loadModule(folder, module, taskFolder) {
  try {
    return await findModule(folder, module, taskFolder);
  } catch (error) {
    if (error instanceof SyntaxError) throw new UserCodeSyntaxError(error);
    if (error && error.code === 'MODULE_NOT_FOUND') throw new ImportModuleError(error);
    throw error;
  }
}

/** In the order in which the official runtime tries. */
async function findModule(folder, module, taskFolder) {
  const stem = path.join(folder, module);
  // Named as the official runtime's entry file is: the name shows in "Require stack".
  const load = Module.createRequire(path.join(__dirname, 'index.mjs'));
  const isModulePackage = hasModuleType(path.dirname(stem));
  const withTypes = Number(process.versions.node.split('.')[0]) >= 24;
  const candidates = [
    ['', load],
    ['.js', isModulePackage ? undefined : load],
    ['.mjs', undefined],
    ['.cjs', load],
    ...(withTypes ? [['.ts', isModulePackage ? undefined : load], ['.mts', undefined], ['.cts', load]] : []),
  ];
  for (const [extension, loadWith] of candidates) {
    const file = stem + extension;
    if (extension === '' ? !isFile(file) : !fs.existsSync(file)) continue;
    return loadWith ? loadWith(file) : import(`file://${file.split('/').map(encodeURIComponent).join('/')}`);
  }
  // Last, as a package: from node_modules, a layer, or a folder with an index file.
  return load(load.resolve(module, { paths: [taskFolder, folder] }));
}

function isFile(file) {
  const found = fs.statSync(file, { throwIfNoEntry: false });
  return found !== undefined && found.isFile();
}

/** Whether the nearest package.json says `"type": "module"`. */
function hasModuleType(folder) {
  if (folder.endsWith('/node_modules')) return false;
  const file = path.join(folder, 'package.json');
  if (fs.existsSync(file)) {
    try {
      return JSON.parse(fs.readFileSync(file, 'utf8')).type === 'module';
    } catch (error) {
      console.warn(`${file} cannot be read, it will be ignored for ES module detection purposes.`, error);
      return false;
    }
  }
  return folder === '/' ? false : hasModuleType(path.dirname(folder));
}
