import { join } from 'node:path';
import { type Plugin, rolldown } from 'rolldown';
import { builtins } from '../builtins.ts';
import { thirdPartyNotices } from '../third-party-notices.ts';
import { trimDockerode } from '../trim-dockerode.ts';
import { trimOclif } from '../trim-oclif.ts';
import { ownNotices } from './own-notices.ts';
import { singleFileTable } from './single-file-table.ts';

export interface SingleFileBundle {
  readonly code: string;
  readonly thirdParty: string;
}

/** The whole tool as one CommonJS script. What is imported with `await import` is in it too, and runs when it is asked for. */
export async function bundleSingleFile(root: string): Promise<SingleFileBundle> {
  const bundle = await rolldown({
    cwd: root,
    platform: 'node',
    input: TABLE,
    plugins: [table(root), ownSources(root), trimOclif, trimDockerode, builtins],
    onLog(level, log, handler) {
      handler(level === 'warn' ? 'error' : level, log);
    },
  });
  const { output } = await bundle.generate({
    format: 'cjs',
    minify: true,
    codeSplitting: false,
    strictExecutionOrder: true,
  });
  await bundle.close();
  const [{ code, modules }, ...others] = output;
  if (others.length > 0) throw new Error(`expected one script, got also ${others.map(({ fileName }) => fileName)}`);
  return { code, thirdParty: ownNotices(root) + (thirdPartyNotices(Object.keys(modules)) ?? '') };
}

const TABLE = '\0table';

function table(root: string): Plugin {
  return {
    name: 'table',
    resolveId: (id) => (id === TABLE ? id : null),
    load: (id) => (id === TABLE ? singleFileTable(root) : null),
  };
}

/** Our packages by their sources: what is built of them has copies of libraries inside that would be here twice. */
function ownSources(root: string): Plugin {
  return {
    name: 'own-sources',
    resolveId(id) {
      const [, name, entry = ''] = /^@dangerzone-image\/([\w-]+)(\/[\w-]+)?$/.exec(id) ?? [];
      return name === undefined ? null : join(root, 'packages', name, 'src', entry, 'index.ts');
    },
  };
}
