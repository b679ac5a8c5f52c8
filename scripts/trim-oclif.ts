import type { Plugin } from 'rolldown';

/** In place of what a module of oclif requires: what it would do here anyway, without the code for all else. */
interface StandIn {
  readonly importer: RegExp;
  readonly required: RegExp;
  readonly code: string;
}

const unneeded: readonly StandIn[] = [
  // Finds command files where a manifest is missing: the CLI's own is built, and an adapter brings hooks only.
  { importer: /config\/plugin\.js$/, required: /^tinyglobby$/, code: 'exports.glob = async () => [];' },
  // Looks for .oclifrc.js and the like beside a package.json that says nothing of oclif, and runs them.
  {
    importer: /read-pjson\.js$/,
    required: /^lilconfig$/,
    code: 'exports.lilconfig = () => ({ search: async () => null });',
  },
  // Compares the names of plugins with those in `oclif.plugins`, which are whole names.
  {
    importer: /plugin-loader\.js$/,
    required: /^minimatch$/,
    code: 'exports.minimatch = (name, pattern) => name === pattern;',
  },
  // Help is asked for by the CLI alone, and its errors are printed by the CLI: nobody calls `Flags.help` or `handle`.
  { importer: /core\/lib\/flags\.js$/, required: /^\.\/help$/, code: 'exports.Help = undefined;' },
  { importer: /errors\/index\.js$/, required: /^\.\/handle$/, code: 'exports.handle = undefined;' },
  // Prints what oclif does where the variable DEBUG says so.
  { importer: /core\/lib\/logger\.js$/, required: /^debug$/, code: 'module.exports = () => () => {};' },
  // Looks for TypeScript beside the built files, and for what would run it; `loadConfig` has turned that off.
  {
    importer: /\.js$/,
    required: /\/ts-path$/,
    code: `const { join } = require('node:path');
      exports.tsPath = async (root, path) => path && (path.startsWith(root) ? path : join(root, path));`,
  },
  // Breaks the lines of errors that oclif prints, and shows a spinner.
  { importer: /errors\/errors\//, required: /^wrap-ansi$/, code: 'module.exports = (text) => text;' },
  { importer: /spinner\.js$/, required: /^cli-spinners$/, code: "exports.dots2 = exports.line = { frames: ['.'] };" },
];

/**
 * Modules of Node's that oclif requires at once and calls for other programs only: looked up when they are called. It
 * reads files in folders of packages, and so not in the single file, where help would load this for nothing.
 */
const modules = ['node:child_process', 'node:readline', 'node:perf_hooks', 'node:fs/promises'];
const rarelyCalled: readonly StandIn[] = modules.map((name) => ({
  importer: /\.js$/,
  required: new RegExp(`^${name}$`),
  code: `module.exports = new Proxy({}, { get: (_, member) => process.getBuiltinModule('${name}')[member] });`,
}));

interface Edit {
  readonly file: RegExp;
  readonly from: string;
  readonly to: string;
}

const edits: readonly Edit[] = [
  // The first comparison by locale loads all that is known of locales. Ids of commands are ASCII.
  { file: /config\/plugin\.js$/, from: 'a.id.localeCompare(b.id)', to: '(a.id < b.id ? -1 : 1)' },
  // Nothing here depends on whether Linux is WSL's, nor on which shell it is: on Windows, PowerShell is started for that.
  { file: /util\/os\.js$/, from: "(await import('wsl-utils')).isWsl ? 'wsl' : ", to: '' },
  { file: /util\/os\.js$/, from: "(await getPlatform()) === 'win32'", to: 'false' },
];

const standIns = [...unneeded, ...rarelyCalled];

const PREFIX = '\0stand-in:';
const used = new Set<number>();

/** Leaves out of the bundle what oclif loads at every start and what only other programs than ours need of it. */
export const trimOclif: Plugin = {
  name: 'trim-oclif',
  resolveId(id, importer = '') {
    if (!importer.includes('/@oclif/core/lib/')) return null;
    const place = standIns.findIndex(({ importer: from, required }) => from.test(importer) && required.test(id));
    if (place === -1) return null;
    used.add(place);
    return `${PREFIX}${place}`;
  },
  buildEnd() {
    const unused = used.size === 0 ? [] : standIns.filter((_, place) => !used.has(place));
    if (unused.length > 0) throw new Error(`oclif requires ${unused[0]?.required} no more: look at it again`);
  },
  load: (id) => (id.startsWith(PREFIX) ? standIns[Number(id.slice(PREFIX.length))]?.code : null),
  transform(code, id) {
    if (!id.includes('/@oclif/core/lib/')) return null;
    return edits
      .filter(({ file }) => file.test(id))
      .reduce((text, { from, to }) => {
        if (!text.includes(from)) throw new Error(`expected to find ${from} in ${id}: look at it again`);
        return text.replace(from, () => to);
      }, code);
  },
};
