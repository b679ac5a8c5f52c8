import type { Decision } from '../decision/decide.ts';
import { CodedError } from '../errors/coded-error.ts';
import { isNewer } from '../ledger/is-newer.ts';
import { recordDeclined } from '../ledger/ledger-changes.ts';
import type { Answer, Observation } from './observe.ts';
import type { AutoResult, UpdateFacts } from './results.ts';
import type { StateSession } from './state-session.ts';
import type { VerbContext } from './verb-context.ts';

/** What was said, in this run, about what was shown. */
export interface Reply {
  readonly update: UpdateFacts;
  /** Absent where nobody could be asked. */
  readonly answer: boolean | undefined;
}

/** A no is remembered: about this release nobody is asked again. */
export async function rememberReply(
  { now = () => new Date() }: VerbContext,
  session: StateSession,
  { remote }: Observation,
  reply: Reply | undefined,
): Promise<void> {
  if (!remote || reply?.answer !== false || reply.update.image.digest !== remote.release.signed) return;
  const entry = { event: 'declined', image: remote.release.signed } as const;
  await session.save((ledger) => recordDeclined(ledger, remote.release, now()), entry);
}

/** The user's word about the remote: of this run, or of an earlier one about this release or a newer one. */
export function answerAbout(
  { ledger }: StateSession,
  { remote }: Observation,
  reply: Reply | undefined,
): Answer | undefined {
  if (!remote) return undefined;
  if (reply?.update.image.digest === remote.release.signed) return reply.answer ? 'given' : 'declined';
  const { declined } = ledger;
  return declined && !isNewer(ledger, remote.release, declined.release) ? 'declined' : undefined;
}

/** What was done without the update is done; that the answer was not yes is told all the same. */
export function requireConsented(result: AutoResult, reply: Reply | undefined): AutoResult {
  if (reply && !reply.answer) throw declined(reply, result.decision, result);
  return result;
}

export function declined({ answer, update }: Reply, decision: Decision, result?: AutoResult): CodedError {
  const { digest } = update.image;
  const what = result ? `; the bundled image ${result.image?.digest} was installed` : '';
  const why = answer === false ? 'was declined' : 'needs consent, and nobody could be asked';
  return new CodedError('CONSENT_DECLINED', `the update to ${digest} ${why}${what}`, {
    // After a no, auto asks no more about this release, and --yes answers no question that is not asked.
    suggestions: [
      answer === false
        ? 'To install it after all: dangerzone-image upgrade'
        : 'To go on without a question: dangerzone-image auto --yes',
      'To be asked no more: dangerzone-image updates on',
    ],
    details: { digest, decision, update },
  });
}
