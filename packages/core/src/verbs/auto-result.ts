import type { Decision } from '../decision/decide.ts';
import { codeOf } from '../errors/coded-error.ts';
import { contentDateOf } from '../ledger/content-date.ts';
import { releaseOf } from '../ledger/release.ts';
import type { VerifiedImage } from '../verify/verified-image.ts';
import type { AutoContext } from './bundled-archive.ts';
import type { Outcome } from './install-candidate.ts';
import { factsOf, releaseOfInstalled } from './installed-image.ts';
import { newerRemote } from './newer-remote.ts';
import type { Observation } from './observe.ts';
import { knownProvenance } from './remote-provenance.ts';
import type { AutoResult, UpdateFacts } from './results.ts';
import type { StateSession } from './state-session.ts';
import { bytesToDownload } from './transfer.ts';

/** All from what was verified: to ask opens no connection. */
export async function factsOfUpdate(
  context: AutoContext,
  session: StateSession,
  seen: Observation,
  image: VerifiedImage,
): Promise<UpdateFacts> {
  const created = contentDateOf(session.ledger, releaseOf(image));
  const provenance = knownProvenance(context.profile, session.ledger, image.digest);
  return {
    ...(seen.installed && { installed: seen.installed.facts }),
    image: factsOf(image, context.profile.tag),
    signatures: image.signed.verdicts,
    ...(created && { created }),
    ...(provenance && { provenance }),
    download: { bytes: await bytesToDownload(context, image, seen.installed?.image) },
  };
}

/** Something was installed. */
export async function conclude(
  context: AutoContext,
  session: StateSession,
  seen: Observation,
  decision: Decision,
  outcome: Outcome,
): Promise<AutoResult> {
  await recordDecision(session, seen, decision, outcome.image.digest);
  const { status, image, previous, signatures } = outcome;
  context.report?.({ type: 'decision', message: `${status} by row ${decision.row}` });
  return { verb: 'auto', status, decision, image, ...(previous && { previous }), signatures };
}

export async function recordDecision(
  session: StateSession,
  { installed }: Observation,
  { row, reason }: Decision,
  image = installed?.facts.digest,
): Promise<void> {
  const entry = { event: 'decided', row, message: reason, ...(image && { image }) } as const;
  await session.note(entry);
}

/** Nothing was installed, and something usable is there. */
export function resultOf(
  { ledger }: StateSession,
  { installed, failure }: Observation,
  decision: Decision,
): AutoResult {
  const remote = installed && newerRemote(ledger, releaseOfInstalled(installed));
  return {
    verb: 'auto',
    status: statuses[decision.row] ?? 'up-to-date',
    decision,
    ...(installed && { image: installed.facts }),
    signatures: installed?.signed.verdicts ?? [],
    ...(remote && { remote }),
    ...reasonOf(failure),
  };
}

const statuses: Readonly<Record<number, AutoResult['status']>> = {
  1: 'pinned',
  7: 'update-available',
  8: 'update-failed',
  13: 'update-available',
};

function reasonOf(failure: unknown): Pick<AutoResult, 'reason'> {
  const code = codeOf(failure);
  return code === undefined ? {} : { reason: { code, message: (failure as Error).message } };
}
