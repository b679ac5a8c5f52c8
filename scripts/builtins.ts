import { isBuiltin } from 'node:module';
import type { Plugin } from 'rolldown';

/**
 * Node's own modules by `getBuiltinModule`: imported as ES modules they give out all their exports at once, and load
 * for that what nobody asked for (streams, watchers, worker threads).
 */
export const builtins: Plugin = {
  name: 'builtins',
  resolveId(id, importer) {
    // rolldown's own helpers need one while the others are not there yet.
    if (!isBuiltin(id) || importer === '\0rolldown/runtime.js') return null;
    return `${BUILTIN}${id.startsWith('node:') ? id : `node:${id}`}`;
  },
  load(id) {
    if (!id.startsWith(BUILTIN)) return null;
    return `module.exports = process.getBuiltinModule(${JSON.stringify(id.slice(BUILTIN.length))});`;
  },
};

const BUILTIN = '\0builtin:';
