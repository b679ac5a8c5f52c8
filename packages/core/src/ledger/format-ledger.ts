import type { Ledger, RemoteProvenance } from './ledger.ts';

/** For people who look into the file: indented, and the same ledger is always the same bytes. */
export function formatLedger(ledger: Ledger): Uint8Array {
  const { schema, image, floors, highest, installed, pending, releases, seen, lastCheck, runtime, historyLost } =
    ledger;
  const { repairs, reset, failedChecks, remote, declined, failedInstall, journal } = ledger;
  const ordered = {
    schema,
    image,
    floors: sorted(floors),
    highest: highest && { release: highest.release, contentDate: highest.contentDate },
    installed,
    pending: pending && {
      release: formatRelease(pending.release),
      temporaryName: pending.temporaryName,
      stableName: pending.stableName,
      since: pending.since,
      forced: pending.forced,
    },
    releases: releases.map((entry) => ({
      ...formatRelease(entry),
      installedAt: entry.installedAt,
      supersededAt: entry.supersededAt,
      forced: entry.forced,
    })),
    seen: sorted(
      Object.fromEntries(
        Object.entries(seen).map(([digest, entry]) => [
          digest,
          { ranks: sorted(entry.ranks), loggedAt: entry.loggedAt },
        ]),
      ),
    ),
    lastCheck: lastCheck && { time: lastCheck.time, digest: lastCheck.digest },
    failedChecks: failedChecks && { time: failedChecks.time, count: failedChecks.count },
    remote: remote && {
      release: formatRelease(remote.release),
      seenAt: remote.seenAt,
      provenance: remote.provenance && formatProvenance(remote.provenance),
    },
    declined: declined && { release: formatRelease(declined.release), time: declined.time },
    failedInstall: failedInstall && {
      release: failedInstall.release,
      time: failedInstall.time,
      count: failedInstall.count,
    },
    journal: journal && { count: journal.count, head: journal.head, first: journal.first },
    runtime,
    historyLost,
    repairs: repairs?.map(({ time, what, floors: changes }) => ({
      time,
      what,
      floors: changes?.map(({ log, before, after }) => ({ log, before, after })),
    })),
    reset: reset && { to: reset.to, names: reset.names },
  };
  return Buffer.from(`${JSON.stringify(ordered, undefined, 2)}\n`);
}

function formatRelease({
  signed,
  index,
  manifest,
  config,
  created,
  ranks: known,
  loggedAt,
}: Ledger['releases'][number] | NonNullable<Ledger['pending']>['release']) {
  return { signed, index, manifest, config, created, ranks: sorted(known), loggedAt };
}

function formatProvenance({ repository, workflow, verdict, commit, key }: RemoteProvenance) {
  return { repository, workflow, verdict, commit, key };
}

function sorted<T>(record: Readonly<Record<string, T>>): Record<string, T> {
  return Object.fromEntries(Object.entries(record).sort(([left], [right]) => (left < right ? -1 : 1)));
}
