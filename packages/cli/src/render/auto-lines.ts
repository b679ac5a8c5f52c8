import type { AutoResult, UpdateFacts } from '@dangerzone-image/core';
import { formatBytes } from './format-amount.ts';
import { next, note, ok, referenceOf, signatureLines } from './image-lines.ts';

/** What the decision came to. Every line is escaped when it is printed. */
export function autoLines({ status, decision, image, previous, signatures, remote, reason }: AutoResult): string[] {
  const reference = image ? referenceOf(image) : 'nothing';
  const said = {
    installed: ok(`installed ${reference}`),
    upgraded: ok(`upgraded to ${reference}`),
    'up-to-date': ok(`nothing to do: ${reference}`),
    pinned: image ? ok(`pinned, nothing is done: ${reference}`) : note('pinned, and no verified image is there'),
    'update-available': ok(`nothing to do, as you decided: ${reference}`),
    'update-failed': note(`the update failed; what was there goes on to work: ${reference}`),
  };
  return [
    said[status],
    ...(previous ? [`   before: ${previous.digest}`] : []),
    `   ${because[decision.reason]} (row ${decision.row} of the decision table)`,
    ...(reason ? [`   ${reason.code}: ${reason.message}`] : []),
    ...signatureLines(signatures),
    ...(remote && status !== 'pinned' ? [`   known to be newer: ${remote.digest}`, next(INSTALL)] : []),
    ...(status === 'pinned' && !image ? [next('Install it all the same: dangerzone-image upgrade')] : []),
    ...(status === 'pinned' ? [next('Undo it: dangerzone-image unpin')] : []),
  ];
}

const INSTALL = 'Install it: dangerzone-image upgrade';

/** Why, in words; the code itself where it is none of ours, as an edited record may have it. */
export function reasonWords(reason: string): string {
  return Object.hasOwn(because, reason) ? because[reason as keyof typeof because] : reason;
}

const because: Readonly<Record<AutoResult['decision']['reason'], string>> = {
  pinned: 'the image is pinned',
  unidentified: 'the image cannot be verified',
  'check-due': 'it is time to look for updates',
  'remote-newer': 'the registry has a newer one, and updates are on',
  'consent-needed': 'the registry has a newer one, and you are asked first',
  'consent-given': 'the registry has a newer one, and you said yes',
  declined: 'the registry has a newer one, and you said no',
  'install-failed': 'the registry has a newer one, and it could not be installed; it is tried again later',
  'bundled-newer': 'it came with the application',
  'bundled-below-floor': 'it came with the application, and is older than what was accepted before',
  'no-image': 'there is no image',
  'updates-off': 'the registry has a newer one, and updates are off',
  'mirror-behind': 'the registry offers an older one: a mirror may be behind',
  'application-behind': 'the application came with an older one',
  'up-to-date': 'there is nothing newer',
};

/** What a person reads before they are asked. */
export function updateFactLines(facts: UpdateFacts): string[] {
  const { installed, image, signatures, created, provenance, download } = facts;
  return [
    `🆕 New: an update of ${image.name} is offered:`,
    `   new: ${image.digest}${created ? `, content of ${created.toISOString().slice(0, 10)}` : ''}`,
    `   old: ${installed ? installed.digest : 'nothing is installed'}`,
    `   download: ${formatBytes(download.bytes)}`,
    ...signatureLines(signatures),
    ...(provenance ? [provenanceLine(provenance)] : []),
  ];
}

/** Where it was built; what is not attested, and what could not be looked up, is said as such. */
function provenanceLine({ verdict, repository, commit, key }: NonNullable<UpdateFacts['provenance']>): string {
  const said = {
    accepted: `built from ${repository}, commit ${commit}`,
    refused: `no provenance that counts says that it was built from ${repository}`,
    missing: `no provenance is attested; expected was a build from ${repository}`,
    unknown: 'where it was built is not known: its provenance could not be looked up, or was not yet',
  }[verdict];
  if (verdict !== 'accepted') return note(said);
  return key ? note(`${said}, as the profile’s own key attests and no runner`) : ok(said);
}
