/** What the user said once about updates. Where nobody was asked yet it is absent, and counts as `off`. */
export type Updates = 'off' | 'ask' | 'on';

/** How two releases stand to each other; `R` is whatever the caller has for a release. */
export interface Order<R> {
  isNewer(release: R, than: R): boolean;
  /** May it be installed, by the rollback rules and the floor? */
  allows(release: R): boolean;
}

/** All that a decision is made from. */
export interface Situation<R> {
  readonly isPinned: boolean;
  /** The engine has an image of that name, and nothing that is left of the state says what it is. */
  readonly isUnidentified: boolean;
  readonly updates?: Updates;
  /** The check interval is over, or the wait after a check that failed. */
  readonly isDue: boolean;
  /** The verified release that the engine has. */
  readonly installed?: R;
  /** Of the archive that came with the application. */
  readonly bundled?: R;
  /** The newest verified release that the registry was seen to offer. */
  readonly remote?: R;
  /** The user's answer about `remote`. */
  readonly consent?: 'given' | 'declined';
  /** `remote` could not be installed: just now, or so lately that it is not tried again yet. */
  readonly hasFailed?: boolean;
  /** The user wants the bundled release although it is older than what was accepted. */
  readonly force?: boolean;
}

export interface Decision {
  /** `stop`: nothing usable is there, and nothing may be done about it unasked. */
  readonly action: 'nothing' | 'check' | 'ask' | 'install-remote' | 'install-bundled' | 'stop';
  /** Row of the table in docs/decision.md. */
  readonly row: number;
  readonly reason: Reason;
  /** Against the order of releases, on purpose. */
  readonly isForced?: true;
}

export type Reason =
  | 'pinned'
  | 'unidentified'
  | 'check-due'
  | 'remote-newer'
  | 'consent-needed'
  | 'consent-given'
  | 'declined'
  | 'install-failed'
  | 'bundled-newer'
  | 'bundled-below-floor'
  | 'no-image'
  | 'updates-off'
  | 'mirror-behind'
  | 'application-behind'
  | 'up-to-date';

/**
 * What to do now. The first row that fits wins; `check` and `ask` are steps after which the caller asks again, with what
 * it learned. Pure: the table and nothing else.
 */
export function decide<R>(situation: Situation<R>, order: Order<R>): Decision {
  const { isPinned, isUnidentified, updates = 'off', isDue } = situation;
  if (isPinned) return { row: 1, action: 'nothing', reason: 'pinned' };
  if (isUnidentified) return { row: 2, action: 'stop', reason: 'unidentified' };
  if (updates !== 'off' && isDue) return { row: 3, action: 'check', reason: 'check-due' };
  return (
    decideRemote(situation, order) ??
    decideBundled(situation, order) ??
    decideWithoutImage(situation) ??
    decideNothing(situation, order)
  );
}

/** Rows 4 to 8. A remote that was declined leads on to the others. */
function decideRemote<R>(situation: Situation<R>, order: Order<R>): Decision | undefined {
  const { updates = 'off', consent, hasFailed, installed } = situation;
  if (updates === 'off' || !isNews(situation, order)) return undefined;
  const isWanted = updates === 'on' || consent === 'given';
  if (isWanted && hasFailed)
    return installed === undefined ? undefined : { row: 8, action: 'nothing', reason: 'install-failed' };
  if (updates === 'on') return { row: 4, action: 'install-remote', reason: 'remote-newer' };
  if (consent === undefined) return { row: 5, action: 'ask', reason: 'consent-needed' };
  return consent === 'given' ? { row: 6, action: 'install-remote', reason: 'consent-given' } : undefined;
}

/** Rows 9 to 11. */
function decideBundled<R>(situation: Situation<R>, order: Order<R>): Decision | undefined {
  const { bundled, installed, updates = 'off', force } = situation;
  if (bundled === undefined) return undefined;
  const isWanted = installed === undefined || order.isNewer(bundled, installed);
  if (isWanted && order.allows(bundled)) return { row: 9, action: 'install-bundled', reason: 'bundled-newer' };
  if (installed !== undefined) return undefined;
  if (updates !== 'off') return { row: 10, action: 'stop', reason: 'bundled-below-floor' };
  return force
    ? { row: 11, action: 'install-bundled', reason: 'bundled-below-floor', isForced: true }
    : { row: 11, action: 'stop', reason: 'bundled-below-floor' };
}

/** Row 12. */
function decideWithoutImage<R>({ installed }: Situation<R>): Decision | undefined {
  return installed === undefined ? { row: 12, action: 'stop', reason: 'no-image' } : undefined;
}

/** Rows 13 to 15, and the end of row 7: something is installed, and nothing may or need take its place. */
function decideNothing<R>(situation: Situation<R>, order: Order<R>): Decision {
  const { installed, bundled, remote, updates = 'off' } = situation;
  if (isNews(situation, order)) {
    return updates === 'off'
      ? { row: 13, action: 'nothing', reason: 'updates-off' }
      : { row: 7, action: 'nothing', reason: 'declined' };
  }
  const isBehind = (release: R | undefined) =>
    release !== undefined && installed !== undefined && order.isNewer(installed, release);
  if (isBehind(remote)) return { row: 14, action: 'nothing', reason: 'mirror-behind' };
  if (isBehind(bundled)) return { row: 14, action: 'nothing', reason: 'application-behind' };
  return { row: 15, action: 'nothing', reason: 'up-to-date' };
}

/** Is the remote newer than the better of what is installed and what came with the application? */
function isNews<R>({ installed, bundled, remote }: Situation<R>, order: Order<R>): boolean {
  if (remote === undefined || !order.allows(remote)) return false;
  return [installed, bundled].every((known) => known === undefined || order.isNewer(remote, known));
}
