import { releaseOf } from '../ledger/release.ts';
import type { AutoContext } from './bundled-archive.ts';
import { fetchCandidate, isOffered, resolveTag } from './fetch-candidate.ts';
import { announce } from './install-image.ts';
import { releaseOfInstalled } from './installed-image.ts';
import type { Observation } from './observe.ts';
import { recordAnswer, recordNoAnswer, rememberRemote } from './record-check.ts';
import { remember } from './remember.ts';
import type { StateSession } from './state-session.ts';
import { isTolerable, recordTolerated } from './tolerate.ts';

/** Requests for the tag, the signatures and the documents; no blob but the config. A failure leaves what was known. */
export async function lookForRemote(
  context: AutoContext,
  session: StateSession,
  seen: Observation,
): Promise<Pick<Observation, 'remote' | 'failure'>> {
  const { installed } = seen;
  try {
    announce(context, 'resolve');
    const digest = await resolveTag(context);
    if (installed && isOffered(digest, installed)) {
      await recordAnswer(context, session, { installed, digest });
      return { remote: { release: releaseOfInstalled(installed) } };
    }
    announce(context, 'verify');
    const offer = await fetchCandidate(context, digest);
    const { image } = offer;
    await remember(session, image.signed);
    // In this order: killed in between, the next run looks again, and does not wait for hours knowing of nothing newer.
    await rememberRemote(context, session, offer, installed);
    await recordAnswer(context, session, { installed, digest });
    return { remote: { release: releaseOf(image), image } };
  } catch (error) {
    if (!isTolerable(context, error)) throw error;
    await recordNoAnswer(context, session);
    await recordTolerated(session, error);
    const age = session.ledger.remote ? `, seen ${session.ledger.remote.seenAt.toISOString()}` : '';
    const message = `The check failed, and is tried again later: ${(error as Error).message}. What was known before goes on to count${age}.`;
    context.report?.({ type: 'notice', message });
    return { remote: seen.remote, failure: error };
  }
}
