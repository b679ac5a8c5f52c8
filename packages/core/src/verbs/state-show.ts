import { inspectFloors } from '../ledger/inspect-floors.ts';
import { inspectState } from '../ledger/inspect-state.ts';
import type { Ledger } from '../ledger/ledger.ts';
import { ranksOf } from '../ledger/rank.ts';
import type { StateInspection } from '../ledger/state-inspection.ts';
import { problemsOf } from '../ledger/state-problems.ts';
import type { KnownRelease, StateShowResult } from './state-results.ts';
import type { VerbContext } from './verb-context.ts';

/** What is kept, and whether it is sound. No network, no engine, no lock; nothing is changed, also not to heal it. */
export async function showState({ profile, state }: Pick<VerbContext, 'profile' | 'state'>): Promise<StateShowResult> {
  const inspection = await inspectState(state, profile);
  const { signatures, documents, bundles, leftOvers, kept, holder } = inspection;
  const ledger = inspection.ledger.state === 'sound' ? inspection.ledger.ledger : undefined;
  const floors = inspectFloors(profile, { ...inspection, ledger });
  const problems = problemsOf(inspection, floors);
  return {
    verb: 'state show',
    status: problems.length > 0 ? 'damaged' : 'healthy',
    folder: state.path,
    isShared: profile.dangerzoneLogId !== undefined,
    profile: profile.name,
    image: profile.image,
    releases: ledger ? releasesOf(ledger) : [],
    floors,
    ...(ledger?.pending && { pending: pendingOf(ledger.pending) }),
    signatures: {
      files: signatures.files.length,
      valid: signatures.files.reduce((sum, { valid }) => sum + valid, 0),
      damaged: signatures.files.flatMap(({ name, why }) => (why ? [name] : [])),
    },
    documents: {
      files: documents.sound.length + documents.damaged.length,
      damaged: documents.damaged.map(({ name }) => name),
      missing: documents.missing,
    },
    bundles: { files: bundles.files, damaged: bundles.damaged.map(({ name }) => name) },
    repairs: ledger?.repairs ?? [],
    leftOvers,
    kept,
    ...(holder !== undefined && { holder }),
    problems,
    notices: noticesOf(inspection, ledger),
  };
}

function releasesOf(ledger: Ledger): KnownRelease[] {
  return ledger.releases
    .map((release) => ({
      digest: release.signed,
      ...(release.created && { created: release.created }),
      ...(release.loggedAt && { loggedAt: release.loggedAt }),
      indexes: ranksOf(ledger, release),
      installedAt: release.installedAt,
      ...(release.supersededAt && { supersededAt: release.supersededAt }),
      ...(release.forced && { forced: true }),
      isInstalled: release.config === ledger.installed,
      isNewest: release.config === ledger.highest?.release,
    }))
    .sort((left, right) => right.installedAt.getTime() - left.installedAt.getTime());
}

function pendingOf({ release, since, forced }: NonNullable<Ledger['pending']>) {
  return { digest: release.signed, since, ...(forced && { forced }) };
}

function noticesOf(inspection: StateInspection, ledger: Ledger | undefined): string[] {
  const { isThere, problems, leftOvers, documents, signatures, holder } = inspection;
  const isIdle = holder === undefined;
  return [
    ...(isThere || problems.length > 0 ? [] : ['Nothing is stored yet.']),
    ...(ledger?.historyLost ? ['History lost: which older images were replaced before is not known any more.'] : []),
    ...(ledger?.pending && isIdle ? ['An upgrade was cut short: the next one finishes or undoes it.'] : []),
    ...(ledger?.reset && isIdle ? ['A reset was cut short: the next upgrade or `state repair` finishes it.'] : []),
    ...(leftOvers.length > 0 && isIdle
      ? ['Half-written files of a killed run are here; the next upgrade removes them.']
      : []),
    ...(documents.missing.length > 0
      ? ['Documents of the installed release are not here: it is verified by what its engine reports.']
      : []),
    ...(signatures.otherKeys.length > 0
      ? [`Signatures by ${signatures.otherKeys.length} other key(s) are stored; this profile trusts none of them.`]
      : []),
  ];
}
