// Compiled code for the AWS SDK that this runtime brings: requiring a client costs a third less than compiling it. The file is made by
// the server (buildCodeCache.cjs) and read-only here; nothing that a function could have written is ever used.
'use strict';

const fs = require('node:fs');
const Module = require('node:module');
const path = require('node:path');
const vm = require('node:vm');

// What came from the file cannot `import()`: such modules, of which the SDK has one, are compiled as ever.
const importsLater = /\bimport\s*\(/;

const headBytes = 4;

/** The name of the file for a version of Node.js; V8 itself refuses data of another build. */
exports.fileName = `.code-cache/node-${process.versions.node}-${process.arch}.bin`;

/**
 * Takes over the compilation of modules below the folder of the SDK. `record`, for making the file, is told of every script.
 * A getter, so that all other modules are compiled by the original itself: their stack traces show no frame of ours.
 */
exports.install = (folder, record) => {
  const original = Module.prototype._compile;
  let root;
  let cache;
  const isOurs = (filename) => {
    root = root || `${realPath(folder)}/`;
    return typeof filename === 'string' && filename.startsWith(root);
  };
  function compileOurs(content, filename, format) {
    if (!cache) {
      cache = record ? emptyCache : openCache(root);
      // What functions bring along may say that their Node.js grows old; the one that comes with the runtime is the runtime's matter.
      if (process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED === undefined) process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED = 'true';
    }
    const name = filename.slice(root.length);
    const cachedData = cache(name);
    if (record ? importsLater.test(content) : !cachedData) return original.call(this, content, filename, format);
    const script = new vm.Script(Module.wrap(content), { filename, cachedData });
    if (record) record(name, script);
    return runModule(this, script, filename);
  }
  Object.defineProperty(Module.prototype, '_compile', {
    configurable: true,
    enumerable: true,
    get() {
      return isOurs(this.filename) ? compileOurs : original;
    },
    set(value) {
      Object.defineProperty(Module.prototype, '_compile', { configurable: true, enumerable: true, writable: true, value });
    },
  });
};

/** The file's bytes: the length of the index, the index ({ name: [position, length] }), the data. */
exports.encode = (entries) => {
  const index = {};
  let position = 0;
  for (const [name, data] of entries) {
    index[name] = [position, data.length];
    position += data.length;
  }
  const text = Buffer.from(JSON.stringify(index));
  const head = Buffer.alloc(headBytes);
  head.writeUInt32LE(text.length);
  return Buffer.concat([head, text, ...entries.map(([, data]) => data)]);
};

const emptyCache = () => undefined;

function openCache(root) {
  try {
    const fd = fs.openSync(root + exports.fileName, 'r');
    const indexBytes = read(fd, 0, headBytes).readUInt32LE(0);
    const index = JSON.parse(read(fd, headBytes, indexBytes).toString());
    return (name) => {
      const entry = Object.prototype.hasOwnProperty.call(index, name) ? index[name] : undefined;
      return entry && read(fd, headBytes + indexBytes + entry[0], entry[1]);
    };
  } catch {
    return emptyCache;
  }
}

function read(fd, position, length) {
  const bytes = Buffer.allocUnsafeSlow(length);
  if (fs.readSync(fd, bytes, 0, length, position) !== length) throw new Error('the file ends too early');
  return bytes;
}

/** As Node.js does with a module that it has compiled. */
function runModule(module, script, filename) {
  const require = (id) => module.require(id);
  require.resolve = (request, options) => Module._resolveFilename(request, module, false, options);
  require.resolve.paths = (request) => Module._resolveLookupPaths(request, module);
  require.main = process.mainModule;
  require.extensions = Module._extensions;
  require.cache = Module._cache;
  return Reflect.apply(script.runInThisContext(), module.exports, [module.exports, require, module, filename, path.dirname(filename)]);
}

function realPath(folder) {
  try {
    return fs.realpathSync(folder);
  } catch {
    return folder;
  }
}
