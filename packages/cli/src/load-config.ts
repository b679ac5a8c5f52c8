import { Config } from '@oclif/core/config';
import { settings } from '@oclif/core/settings';

/** The only variables with our prefix that mean anything. */
const ours: ReadonlySet<string> = new Set(['DANGERZONE_IMAGE_RUNTIME', 'DANGERZONE_IMAGE_STATE_DIR']);

/** oclif's view of the CLI: its own package and what that lists, from no other folder and by no variable. */
export async function loadConfig(root: string, env: NodeJS.ProcessEnv = process.env): Promise<Config> {
  confineOclif(env);
  return Config.load({ root, userPlugins: false, devPlugins: false });
}

/** Before oclif is asked for anything. */
export function confineOclif(env: NodeJS.ProcessEnv): void {
  hideOclifVariables(env);
  // NODE_ENV=test would make oclif look for TypeScript sources beside the built files.
  settings.enableAutoTranspile = false;
}

/** oclif reads folders, a theme and a format from variables named after the program. None of it is part of this tool. */
function hideOclifVariables(env: NodeJS.ProcessEnv): void {
  for (const name of Object.keys(env)) {
    const upper = name.toUpperCase();
    if (upper.startsWith('DANGERZONE_IMAGE_') && !ours.has(upper)) delete env[name];
  }
  env.DANGERZONE_IMAGE_DISABLE_THEME = 'true';
}
