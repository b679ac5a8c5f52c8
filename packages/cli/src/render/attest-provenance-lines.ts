import type { AcceptedProvenance, AttestationVerdict, AttestProvenanceResult } from '@dangerzone-image/core';
import { note, ok } from './image-lines.ts';

const SHOWN_OF_KEY = 16;

/** Where it was built, by whom and from what: nothing of that says that it is harmless, and so no line does. */
export function attestProvenanceLines({ image, attestations }: AttestProvenanceResult): string[] {
  const { name, tag, digest, index, platform } = image;
  const [accepted, ...others] = attestations;
  const { claims, key } = accepted;
  const what = digest === index ? 'of the index' : `of the manifest${platform ? ` for ${platform}` : ''}`;
  return [
    ok(`${name}${tag ? `:${tag}` : ''}@${digest} was built by ${claims.builder} from ${claims.repository}`),
    ...claimLines(accepted),
    `   attested is this digest, ${what}${index && digest !== index ? `, and not ${index}, its index` : ''}; no name is`,
    ...(key
      ? [note(`attested by the key ${key.slice(0, SHOWN_OF_KEY)}… of the profile: no runner vouches for it`)]
      : []),
    ...(claims.inputs ? [note(`the build was started with inputs: ${claims.inputs.join(', ')}`)] : []),
    ...others.map(otherLine),
  ];
}

/** One line each, as Dangerzone's own tool prints them. */
function claimLines({ claims }: AcceptedProvenance): string[] {
  const { slsaLevel, repository, workflow, branch, tag, commit } = claims;
  const said: readonly [string, string | undefined][] = [
    ['GitHub repo', repository.startsWith('https:') ? undefined : repository],
    ['Repository', repository.startsWith('https:') ? repository : undefined],
    ['GitHub actions workflow', workflow],
    ['Git branch', branch],
    ['Git tag', tag],
    ['Git commit', commit],
  ];
  return [
    ...(slsaLevel ? [`- ✅ SLSA Level ${slsaLevel} provenance`] : []),
    ...said.flatMap(([label, value]) => (value === undefined ? [] : [`- ✅ ${label}: ${value}`])),
  ];
}

function otherLine(verdict: AttestationVerdict): string {
  if (verdict.verdict === 'accepted') return `   another one says the same of ${verdict.digest}`;
  if (verdict.verdict === 'other') return `   beside it: ${verdict.predicateType ?? 'an image signature'}`;
  if (verdict.verdict === 'refused') return note(`one attestation does not count: ${verdict.reason}`);
  const { reason, detail } = verdict;
  return note(`one attestation does not count: ${reason}${detail ? ` (${detail})` : ''}`);
}
