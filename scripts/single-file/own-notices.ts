import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

const RULE = `\n\n${'='.repeat(80)}\n\n`;

/** Our own licence, and Node's, which has those of all that Node is made of. */
export function ownNotices(root: string): string {
  const node = join(dirname(process.execPath), '..', 'LICENSE');
  if (!existsSync(node)) throw new Error(`expected Node's licence in ${node}: build with the workspace's own Node`);
  return [
    `dangerzone-image (Apache-2.0)\n\n${readFileSync(join(root, 'LICENSE'), 'utf8').trim()}`,
    `Node.js ${process.version}, which the executable is a copy of\n\n${readFileSync(node, 'utf8').trim()}`,
    '',
  ].join(RULE);
}
