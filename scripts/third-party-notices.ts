import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

interface Notice {
  readonly title: string;
  readonly text: string;
}

/** Apache-2.0, which is ours too: for the package that states it and brings no text of it. */
const apache = readFileSync(join(import.meta.dirname, '..', 'LICENSE'), 'utf8');

/** What the licences of bundled packages ask for: their notices, beside the code that was taken from them. */
export function thirdPartyNotices(modules: readonly string[]): string | undefined {
  const roots = new Set(modules.flatMap((module) => packageRoot(module) ?? []));
  if (roots.size === 0) return undefined;
  const notices = [...roots].map(readNotice).map(({ title, text }) => `${title}\n\n${text.trim()}\n`);
  const rule = `\n${'-'.repeat(80)}\n\n`;
  return ['The files in this folder contain code of these packages.\n', ...[...new Set(notices)].sort()].join(rule);
}

/** The folder of the package that a module in node_modules belongs to. */
function packageRoot(module: string): string | undefined {
  if (!module.includes('node_modules')) return undefined;
  for (let folder = dirname(module); dirname(folder) !== folder; folder = dirname(folder)) {
    const manifest = join(folder, 'package.json');
    // Without a version it only says how the files around it are to be read.
    if (existsSync(manifest) && JSON.parse(readFileSync(manifest, 'utf8')).version !== undefined) return folder;
  }
  return undefined;
}

function readNotice(root: string): Notice {
  const { name, version, license } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
  const files = readdirSync(root).filter((file) => /^(licen[cs]e|copying|notice)([.-]|$)/i.test(file));
  const texts = files.sort().map((file) => readFileSync(join(root, file), 'utf8'));
  if (texts.length === 0 && license === 'Apache-2.0') texts.push(apache);
  if (texts.length === 0) throw new Error(`expected the text of the licence ${license} in ${root}`);
  return { title: `${name} ${version} (${license})`, text: texts.join('\n\n') };
}
