import { CodedError, codeOf } from '../errors/coded-error.ts';
import { contentDateOf } from '../ledger/content-date.ts';
import type { Ledger } from '../ledger/ledger.ts';
import { readLedger } from '../ledger/ledger-file.ts';
import { effectiveFloors } from '../ledger/order.ts';
import { releaseOf } from '../ledger/release.ts';
import { readPreferences } from '../preferences/preferences.ts';
import { guardRuntime } from '../runtime/guard-runtime.ts';
import { freshnessOf } from './freshness.ts';
import { type InstalledImage, releaseOfInstalled, verifyInstalled } from './installed-image.ts';
import { newerRemote } from './newer-remote.ts';
import type { StatusResult } from './results.ts';
import { installedReleases } from './state-session.ts';
import type { LocalContext } from './verb-context.ts';

/** What is installed, whether it verifies, and what is remembered. Reads only; no network. */
export async function status(given: LocalContext): Promise<StatusResult> {
  const context = { ...given, runtime: guardRuntime(given.runtime, given) };
  const { state, profile, now = () => new Date() } = context;
  const reading = await readLedger(state, profile, { readOnly: true, installed: () => installedReleases(context) });
  const { ledger } = reading;
  const preferences = await readPreferences(state);
  const { updates, pinnedSince } = preferences;
  const common = {
    verb: 'status',
    floor: effectiveFloors(ledger, profile.floor),
    ...(updates && { updates }),
    ...(pinnedSince && { pinned: { since: pinnedSince } }),
    ...(ledger.lastCheck && { lastCheck: ledger.lastCheck }),
  } as const;
  const notices = [
    ...reading.notices,
    ...preferences.notices,
    ...(ledger.historyLost ? [HISTORY_LOST] : []),
    ...repairNotices(ledger),
  ];
  try {
    const installed = await verifyInstalled(context, ledger.releases);
    const forced = ledger.releases.find(({ config }) => config === installed.facts.config)?.forced;
    const freshness = freshnessOf(installed, ledger, profile, now());
    const remote = newerRemote(ledger, releaseOfInstalled(installed));
    const more = [
      ...(forced ? [FORCED] : []),
      ...orderNotice(installed, ledger),
      ...(freshness.isStale ? [staleNotice(freshness)] : []),
    ];
    return {
      ...common,
      status: 'verified',
      image: installed.facts,
      signatures: installed.signed.verdicts,
      ...(remote && { remote }),
      freshness,
      notices: [...notices, ...more],
    };
  } catch (error) {
    if (codeOf(error) === 'IMAGE_NOT_INSTALLED') return { ...common, status: 'not-installed', signatures: [], notices };
    if (!(error instanceof CodedError) || codeOf(error) === undefined) throw error;
    const { code, message, suggestions } = error;
    return { ...common, status: 'not-verified', signatures: [], reason: { code, message, suggestions }, notices };
  }
}

const HISTORY_LOST =
  'History lost: which older images were replaced before is not known any more. The floor still holds.';
const FORCED = 'An older image is installed on purpose (--force). `dangerzone-image upgrade` goes back to the newest.';

/** Whoever did not repair anything should hear of it. */
function repairNotices({ repairs = [] }: Ledger): string[] {
  const last = repairs.findLast(({ floors = [] }) => floors.length > 0);
  return last ? [`The floor was lowered by \`state repair\` on ${last.time.toISOString()}: see \`state show\`.`] : [];
}

function orderNotice({ image }: InstalledImage, ledger: Ledger): string[] {
  if (!image || contentDateOf(ledger, releaseOf(image))) return [];
  return ['The image has no usable content date: the order of releases rests on the log index alone.'];
}

function staleNotice({ ageDays, limitDays }: { ageDays?: number; limitDays: number }): string {
  return `The image is ${ageDays} days old (limit ${limitDays}): check for a newer one with \`dangerzone-image check\`.`;
}
