import { type Decision, decide } from '../decision/decide.ts';
import { recordFailedInstall } from '../ledger/ledger-changes.ts';
import { releaseOf } from '../ledger/release.ts';
import { readPreferences } from '../preferences/preferences.ts';
import { guardRuntime } from '../runtime/guard-runtime.ts';
import type { VerifiedImage } from '../verify/verified-image.ts';
import { conclude, factsOfUpdate, recordDecision, resultOf } from './auto-result.ts';
import { type AutoContext, type BundledArchive, withBundledArchive } from './bundled-archive.ts';
import { installCandidate, type Outcome } from './install-candidate.ts';
import { announce } from './install-image.ts';
import { lookForRemote } from './look-for-remote.ts';
import { noUsableImage } from './no-usable-image.ts';
import { type Observation, observe, orderOf, situationOf } from './observe.ts';
import { proveAndStage } from './prove-and-stage.ts';
import { recover } from './recover.ts';
import { answerAbout, declined, type Reply, rememberReply, requireConsented } from './reply.ts';
import type { AutoResult, UpdateFacts } from './results.ts';
import { type StateSession, withState } from './state-session.ts';
import { isTolerable, recordTolerated } from './tolerate.ts';

export interface AutoOptions {
  /**
   * Asked before a download, where the user wants to be asked. `undefined`: nobody could be asked; it counts as a no for
   * this run, and is not remembered as one.
   */
  readonly consent?: (facts: UpdateFacts) => Promise<boolean | undefined>;
  /** Installs the bundled image although it is older than what was accepted, where nothing is installed and updates are off. */
  readonly force?: boolean;
}

/**
 * Decides by the table what to do, and does it: for an application at its start, or for a timer. Throws where no usable
 * image is there in the end, unless it is pinned to none, and CONSENT_DECLINED where the answer was no or nobody gave one.
 */
export async function auto(given: AutoContext, options: AutoOptions = {}): Promise<AutoResult> {
  const context = { ...given, runtime: guardRuntime(given.runtime, given) };
  let reply: Reply | undefined;
  for (;;) {
    const round = await withState(context, 'auto', (session) =>
      withBundledArchive(context, session, (bundled) => play(context, session, { ...options, bundled, reply })),
    );
    if ('verb' in round) return round;
    // Nobody is kept from the state while a person thinks.
    const answer = await options.consent?.(round);
    context.signal?.throwIfAborted();
    reply = { update: round, answer };
  }
}

interface Round {
  readonly bundled: BundledArchive | undefined;
  readonly reply: Reply | undefined;
  readonly force?: boolean;
}

/** Decides and does until there is a result, or something to ask. */
async function play(context: AutoContext, session: StateSession, round: Round): Promise<AutoResult | UpdateFacts> {
  const { bundled, reply, force = false } = round;
  announce(context, 'recover');
  await recover(context, session);
  const preferences = await readPreferences(context.state);
  if (preferences.unusable) throw preferences.unusable;
  let seen = await observe(context, session, preferences, bundled);
  // However long a person thought: after the answer no request leaves the machine but the one that it allows.
  if (reply) seen = { ...seen, isDue: false };
  await rememberReply(context, session, seen, reply);
  let hasHappened = reply !== undefined;
  for (;;) {
    const situation = situationOf(seen, { answer: answerAbout(session, seen, reply), force });
    const decision = decide(situation, orderOf(session.ledger, context.profile));
    context.report?.({ type: 'decision', message: `row ${decision.row}, ${decision.reason}: ${decision.action}` });
    switch (decision.action) {
      case 'ask':
        return factsOfUpdate(context, session, seen, imageOf(seen));
      case 'check':
        seen = { ...seen, isDue: false, ...(await lookForRemote(context, session, seen)) };
        break;
      case 'install-remote':
      case 'install-bundled': {
        const outcome = await tryInstall(context, session, seen, decision);
        if ('status' in outcome)
          return requireConsented(await conclude(context, session, seen, decision, outcome), reply);
        const again = await observe(context, session, preferences, seen.bundled);
        seen = { ...again, remote: seen.remote, isDue: false, ...outcome };
        break;
      }
      default:
        if (hasHappened || decision.action === 'stop') await recordDecision(session, seen, decision);
        if (reply && !reply.answer) throw declined(reply, decision);
        if (decision.action === 'stop') throw noUsableImage(context, seen, decision);
        return resultOf(session, seen, decision);
    }
    hasHappened = true;
  }
}

/** What was installed; or what the rest is decided with where that failed. What was installed before goes on to work. */
async function tryInstall(
  context: AutoContext,
  session: StateSession,
  seen: Observation,
  decision: Decision,
): Promise<Outcome | Pick<Observation, 'failure' | 'bundled' | 'hasFailed'>> {
  const isRemote = decision.action === 'install-remote';
  try {
    return await (isRemote ? installRemote(context, session, seen) : installBundled(context, session, seen, decision));
  } catch (error) {
    if (!isTolerable(context, error)) throw error;
    await recordTolerated(session, error);
    const what = isRemote ? 'The update failed, and is tried again later' : 'The bundled image is not used';
    context.report?.({ type: 'notice', message: `${what}: ${(error as Error).message}` });
    await recover(context, session);
    if (!isRemote) return { failure: error, bundled: undefined, hasFailed: seen.hasFailed };
    const time = context.now?.() ?? new Date();
    await session.save((ledger) => recordFailedInstall(ledger, releaseOf(imageOf(seen)), time));
    return { failure: error, bundled: seen.bundled, hasFailed: true };
  }
}

async function installRemote(context: AutoContext, session: StateSession, seen: Observation): Promise<Outcome> {
  const { installed } = seen;
  return installCandidate(context, session, { image: imageOf(seen), installed, force: false });
}

/** All of the archive is read and held against its digests before the engine gets any of it. */
async function installBundled(
  context: AutoContext,
  session: StateSession,
  { bundled, installed }: Observation,
  { isForced }: Decision,
): Promise<Outcome> {
  if (!bundled) throw new TypeError('expected a bundled archive to install');
  const { archive, image } = bundled;
  announce(context, 'verify');
  await using staged = await proveAndStage(context, archive, image);
  const local = { ...context, source: archive, via: 'load', ...(staged && { staged }) } as const;
  return await installCandidate(local, session, { image, installed, force: isForced === true });
}

function imageOf({ remote }: Observation): VerifiedImage {
  if (remote?.image) return remote.image;
  throw new TypeError('expected a release that was verified here');
}
