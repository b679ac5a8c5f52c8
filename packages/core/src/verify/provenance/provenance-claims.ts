import { printable } from '../../errors/printable.ts';
import { isGenerator, isOwnWorkflow, slsaLevelOf } from './builders.ts';
import type { CertificateClaims } from './certificate-claims.ts';
import type { ProvenanceExpectations } from './expectations.ts';
import type { PredicateClaims } from './predicate-claims.ts';
import { type ClaimName, ProvenanceRefusal } from './provenance-refusal.ts';
import { parseWorkflowUri } from './repository-name.ts';

/** The contract's `claims`, and what else is told: each was matched wherever certificate and predicate both speak of it. */
export interface ProvenanceClaims {
  /** Absent where nobody rated the builder. */
  readonly slsaLevel?: 2 | 3;
  /** `owner/repo` on github.com, else an https URL. */
  readonly repository: string;
  /** Path of the workflow file in the repository. */
  readonly workflow?: string;
  readonly branch?: string;
  readonly tag?: string;
  /** Hex. */
  readonly commit: string;
  /** URI. */
  readonly builder: string;
  /** The event that started the build. */
  readonly trigger?: string;
  /** URL of the run. */
  readonly run?: string;
  /** Names of what was given to the run by hand. */
  readonly inputs?: readonly string[];
}

const GITHUB_ISSUER = 'https://token.actions.githubusercontent.com';
const GITHUB_HOSTED = 'github-hosted';
/** What GitHub's own attestations named as builder until 2024; the certificate names the workflow. */
const GITHUB_RUNNER = 'https://github.com/actions/runner/github-hosted';

/**
 * Events that build what is in the repository. Those of pull requests, and `workflow_run` after them, run for people who
 * may not write to it. (GitHub's build type knows all but `schedule`.)
 */
const TRIGGERS: readonly string[] = ['create', 'push', 'release', 'schedule', 'workflow_dispatch'];

/**
 * Provenance that GitHub's runners signed for: the certificate says where the job came from, the predicate may add to it
 * and never differ. The caller's repository, ref and commit come from the certificate: one signer's name is shared by
 * all who call that workflow.
 */
export function claimsOfCertificate(
  certificate: CertificateClaims,
  predicate: PredicateClaims,
  expected: ProvenanceExpectations,
): ProvenanceClaims {
  requireClaim('issuer', GITHUB_ISSUER, certificate.issuer);
  const repository = vouched('repository', certificate.repository, predicate.repository);
  const ref = vouched('ref', certificate.ref, predicate.ref);
  const commit = vouched('commit', certificate.commit, predicate.commit);
  const trigger = vouched('trigger', certificate.trigger, predicate.trigger ?? certificate.trigger);
  const workflow = workflowOf(certificate, { repository, ref });
  const builder = requireBuilder(certificate.signer, predicate, { repository, expected });
  requireHosted(certificate, predicate);
  if (workflow !== undefined && predicate.workflow !== undefined)
    requireClaim('workflow', workflow, predicate.workflow);
  if (certificate.run !== undefined && predicate.run !== undefined)
    requireClaim('predicate', certificate.run, predicate.run);
  const { run = predicate.run } = certificate;
  return claims({ ...predicate, builder, repository, ref, commit, trigger }, workflow ?? predicate.workflow, run);
}

/** Provenance that a key of the profile signed: no runner vouches for it, all of it rests on whoever holds that key. */
export function claimsOfKey(predicate: PredicateClaims, { builder }: ProvenanceExpectations): ProvenanceClaims {
  if (builder && !builder.matches(predicate.builder))
    throw new ProvenanceRefusal('builder', printable(builder.text), predicate.builder);
  const { slsaLevel: _, ...rest } = claims(predicate, predicate.workflow, predicate.run);
  return rest;
}

function claims(
  { form, builder, repository, ref, commit, trigger, inputs }: PredicateClaims,
  workflow: string | undefined,
  run: string | undefined,
): ProvenanceClaims {
  if (trigger !== undefined && !TRIGGERS.includes(trigger))
    throw new ProvenanceRefusal('trigger', `one of ${TRIGGERS.join(', ')}`, trigger);
  const slsaLevel = slsaLevelOf({ builder, form });
  return {
    ...(slsaLevel && { slsaLevel }),
    repository,
    ...(workflow !== undefined && { workflow }),
    ...branchOrTag(ref),
    commit,
    builder,
    ...(trigger !== undefined && { trigger }),
    ...(run !== undefined && { run }),
    ...(inputs && { inputs }),
  };
}

function branchOrTag(ref: string): Pick<ProvenanceClaims, 'branch' | 'tag'> {
  const [, kind, name] = /^refs\/(heads|tags)\/(.+)$/s.exec(ref) ?? [];
  if (name === undefined) throw new ProvenanceRefusal('ref', 'a branch or a tag', ref);
  return kind === 'heads' ? { branch: name } : { tag: name };
}

/** The certificate must speak, and the predicate agree. */
function vouched(claim: ClaimName, certified: string | undefined, said: string | undefined): string {
  if (certified === undefined) throw new ProvenanceRefusal(claim, 'a certificate that names it', undefined);
  requireClaim(claim, certified, said);
  return certified;
}

function requireClaim(claim: ClaimName, expected: string, found: string | undefined): void {
  if (expected !== found) throw new ProvenanceRefusal(claim, printable(expected), found);
}

/** Certificates of before 2023 do not name the file; its path then is the predicate's word. */
function workflowOf(
  { buildConfig }: CertificateClaims,
  { repository, ref }: { readonly repository: string; readonly ref: string },
): string | undefined {
  if (buildConfig === undefined) return undefined;
  const workflow = parseWorkflowUri(buildConfig);
  if (workflow?.repository !== repository || workflow.ref !== ref)
    throw new ProvenanceRefusal('workflow', `a workflow of ${printable(repository)} at ${printable(ref)}`, buildConfig);
  return workflow.path;
}

/** Who signed is who built: the certificate's name, which the predicate must name too. */
function requireBuilder(
  signer: string,
  { builder, buildType, form }: PredicateClaims,
  { repository, expected }: { readonly repository: string; readonly expected: ProvenanceExpectations },
): string {
  if (form === 'other')
    throw new ProvenanceRefusal('build type', 'one of GitHub’s workflows or slsa-github-generator’s', buildType);
  const isGitHubs = form === 'github-workflow';
  if (!(isGitHubs && builder === GITHUB_RUNNER)) requireClaim('builder', signer, builder);
  const isKnown = isGitHubs ? isOwnWorkflow(signer, repository) : isGenerator(signer);
  if (expected.builder ? expected.builder.matches(signer) : isKnown) return signer;
  const wanted = expected.builder
    ? printable(expected.builder.text)
    : `a workflow of ${printable(repository)} or slsa-github-generator’s at a release tag`;
  throw new ProvenanceRefusal('builder', wanted, signer);
}

/** On a runner of somebody's own, its owner vouches for the build and not GitHub. The generator always asks for GitHub's. */
function requireHosted({ signer, runner }: CertificateClaims, predicate: PredicateClaims): void {
  if (!(runner === undefined && isGenerator(signer))) requireClaim('runner', GITHUB_HOSTED, runner);
  if (predicate.runner !== undefined) requireClaim('runner', GITHUB_HOSTED, predicate.runner);
}
