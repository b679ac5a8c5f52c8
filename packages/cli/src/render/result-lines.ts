import type {
  CheckResult,
  InspectArchiveResult,
  InstallResult,
  LayerVerdict,
  LoadArchiveResult,
  StatusResult,
  StoreSignaturesResult,
  UpgradeResult,
  VerifyLocalResult,
} from '@dangerzone-image/core';
import { formatBytes } from './format-amount.ts';
import { ageLines, freshnessLines, next, note, ok, referenceOf, signatureLines } from './image-lines.ts';
import { preferenceLines } from './preference-lines.ts';

/** What a person reads when the verb is done. Every line is escaped when it is printed. */
export function upgradeLines(result: UpgradeResult): string[] {
  return installLines(result, 'dangerzone-image upgrade');
}

export function loadArchiveLines(result: LoadArchiveResult): string[] {
  return installLines(result, 'dangerzone-image load-archive FILE');
}

function installLines(
  { status, image, previous, dryRun, signatures }: InstallResult<string>,
  command: string,
): string[] {
  const reference = referenceOf(image);
  const said = {
    installed: `${dryRun ? 'would install' : 'installed'} ${reference}`,
    upgraded: `${dryRun ? 'would upgrade' : 'upgraded'} to ${reference}`,
    'up-to-date': `already up to date: ${reference}`,
  };
  return [
    ok(said[status]),
    ...(previous && status === 'upgraded' ? [`   ${dryRun ? 'instead of' : 'before'}: ${previous.digest}`] : []),
    ...signatureLines(signatures),
    ...(dryRun && status !== 'up-to-date' ? [next(`Nothing was changed. Do it: ${command}`)] : []),
  ];
}

export function checkLines({ status, image, installed, signatures, download, freshness }: CheckResult): string[] {
  const reference = referenceOf(image);
  const said = {
    'up-to-date': ok(`up to date: ${reference}`),
    'update-available': `🆕 New: a newer image is offered: ${reference}`,
    'not-installed': `🆕 New: not installed yet, offered is ${reference}`,
  };
  return [
    said[status],
    ...(installed && status === 'update-available' ? [`   installed: ${installed.digest}`] : []),
    ...(download ? [`   download: at most ${formatBytes(download.bytes)}`] : []),
    ...signatureLines(signatures),
    ...ageLines(freshness),
    ...freshnessLines(freshness),
    ...(status === 'up-to-date' ? [] : [next('Install it: dangerzone-image upgrade')]),
  ];
}

export function inspectArchiveLines(result: InspectArchiveResult): string[] {
  const { status, image, signatures, platform, platforms, bytes, reason } = result;
  const reference = image ? referenceOf(image) : 'this archive';
  return [
    status === 'acceptable' ? ok(`would be accepted here: ${reference}`) : `❌ Refused: ${reference}`,
    ...(reason ? [`   ${reason.code}: ${reason.message}`] : []),
    ...(platform ? [`   platform: ${(platforms ?? [platform]).join(', ')}`] : []),
    ...(bytes === undefined ? [] : [`   size: ${formatBytes(bytes)}`]),
    ...signatureLines(signatures),
    ...(status === 'acceptable' ? ['Install it: dangerzone-image load-archive FILE'] : (reason?.suggestions ?? [])).map(
      next,
    ),
  ];
}

export function verifyLocalLines({ image, signatures, layers }: VerifyLocalResult): string[] {
  return [
    ok(`the local image is signed: ${referenceOf(image)}`),
    ...signatureLines(signatures),
    ...(layers ? layerLines(layers) : []),
  ];
}

/** All that were read back are right, else there is an error in place of these. */
function layerLines(layers: readonly LayerVerdict[]): string[] {
  const verified = layers.filter(({ status }) => status === 'verified').length;
  const unchecked = layers.flatMap(({ diffId, status, reason }, at) =>
    status === 'verified' ? [] : [note(`layer ${at + 1} of ${layers.length} (${diffId}) was not checked: ${reason}`)],
  );
  return [
    ...(verified > 0 ? [ok(`read back and hashed: ${verified} of ${layers.length} layers, and the config`)] : []),
    ...unchecked,
  ];
}

export function storeSignaturesLines({ image, signatures }: StoreSignaturesResult): string[] {
  return [ok(`signatures stored for ${referenceOf(image)}`), ...signatureLines(signatures)];
}

export function statusLines(result: StatusResult): string[] {
  const { status, image, signatures, floor, lastCheck, freshness, reason, notices } = result;
  const reference = image && referenceOf(image);
  const said = {
    verified: ok(`installed and verified: ${reference}`),
    'not-installed': note('the image is not installed'),
    'not-verified': `❌ Refused: ${reference ?? 'the installed image'} is not verified`,
  };
  const remedies = reason?.suggestions ?? (status === 'not-installed' ? ['Install it: dangerzone-image upgrade'] : []);
  return [
    said[status],
    ...(reason ? [`   ${reason.code}: ${reason.message}`] : []),
    ...signatureLines(signatures),
    ...Object.entries(floor).map(([log, index]) => `   accepted from entry ${index} on of log ${log.slice(0, 16)}…`),
    ...(freshness ? ageLines(freshness) : []),
    ...preferenceLines(result),
    ...(lastCheck ? [`   last check: ${lastCheck.time.toISOString()}`] : []),
    ...notices.map(note),
    ...remedies.map(next),
  ];
}
