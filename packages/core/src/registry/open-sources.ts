import { CodedError } from '../errors/coded-error.ts';
import type { ImageReference } from '../oci/reference.ts';
import type { ImageSource } from '../source/image-source.ts';
import { sourceChain } from '../source/source-chain.ts';
import type { RunHelper } from './credentials/ask-helper.ts';
import { createFindCredential } from './credentials/find-credential.ts';
import type { LogInOptions } from './log-in.ts';
import { newCircuit, openRegistry, type RegistryOptions } from './open-registry.ts';
import { parseMirror } from './parse-mirror.ts';
import { registryOrigin } from './registry-origin.ts';

export interface SourcesOptions extends Omit<RegistryOptions, 'origin' | 'prefix' | 'logIn'> {
  readonly reference: Pick<ImageReference, 'registry'>;
  /** As given by the user or the profile, most wanted first. */
  readonly mirrors?: readonly string[];
  /** Leaves out the image's own registry. */
  readonly mirrorOnly?: boolean;
  /** Stored log-ins are used where a registry or mirror refuses us without; never for the built-in profile. */
  readonly readCredentials?: boolean;
  /** `--auth-file`: in place of Podman's and Docker's own. */
  readonly authFile?: string;
  readonly home?: string | undefined;
  readonly platform?: NodeJS.Platform;
  /** Runs a credential helper; without, those are reported as unsupported. */
  readonly runHelper?: RunHelper;
  /** Token services (host, or host:port) that a log-in may also be sent to. */
  readonly credentialRealms?: readonly string[];
}

/** Where an image is read from: its mirrors in order, then its own registry. All addresses are checked before any is used. */
export function openSources(options: SourcesOptions): ImageSource {
  const { reference, mirrors = [], mirrorOnly = false, circuit = newCircuit() } = options;
  if (mirrorOnly && mirrors.length === 0) {
    throw new CodedError('USAGE', 'only mirrors may be asked, and none is given', {
      suggestions: ['Give a --mirror, or leave out --mirror-only.'],
    });
  }
  const places = [...mirrors.map(parseMirror), ...(mirrorOnly ? [] : [{ origin: registryOrigin(reference.registry) }])];
  const logIn = logInOptions(options);
  // One circuit for the run: a change of it at each mirror stands out.
  return sourceChain(places.map((place) => openRegistry({ ...options, ...place, circuit, logIn })));
}

function logInOptions(options: SourcesOptions): LogInOptions {
  const { readCredentials = false, authFile, runHelper, credentialRealms } = options;
  if (!readCredentials) return {};
  const { env = process.env, home, platform = process.platform } = options;
  const findCredential = createFindCredential({ authFile, env, home, platform, runHelper });
  return { findCredential, ...(credentialRealms && { credentialRealms }) };
}
