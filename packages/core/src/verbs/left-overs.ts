import { createHash } from 'node:crypto';
import { codeOf } from '../errors/coded-error.ts';
import type { Profile } from '../profile/profile.ts';
import type { InstallContext } from './verb-context.ts';

/** Names of ours in the engine while an upgrade is under way. They are in another repository: nobody lists two images. */
export function workNames({ image }: Pick<Profile, 'image'>): {
  repository: string;
  incoming: string;
  outgoing: string;
} {
  const repository = `localhost/dangerzone-image/${createHash('sha256').update(image).digest('hex').slice(0, 16)}`;
  return { repository, incoming: `${repository}:incoming`, outgoing: `${repository}:outgoing` };
}

/** Takes our working names off: of a run that was killed, or of the image just replaced. What cannot go stays for next time. */
export async function removeLeftOvers(
  { runtime, profile, report }: Pick<InstallContext, 'runtime' | 'profile' | 'report'>,
  { wasKilled = false }: { readonly wasKilled?: boolean } = {},
): Promise<void> {
  const { repository, incoming } = workNames(profile);
  try {
    const images = await runtime.images(repository);
    // An adapter clears its own left-overs when it removes: after a kill it is asked to, though no name of ours be there.
    if (wasKilled && images.length === 0) await runtime.remove({ id: 'nothing', digests: [], names: [incoming] });
    for (const image of images) {
      const names = image.names.filter((name) => name.startsWith(`${repository}:`));
      await runtime.remove({ ...image, names });
    }
  } catch (error) {
    if (codeOf(error) === undefined) throw error;
    report?.({
      type: 'notice',
      message: `The older image could not be removed yet (${(error as Error).message}); the next upgrade tries again.`,
    });
  }
}
