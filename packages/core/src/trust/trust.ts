import type { TrustedKey } from './public-key.ts';
import type { TransparencyLog } from './transparency-log.ts';
import type { TrustedIdentity } from './trusted-identity.ts';
import type { TrustedRoot } from './trusted-root.ts';

/** All that a verdict may rest on. It comes from the profile and the command line, never from what is verified. */
export interface Trust {
  /** The image name that a signature must state: `registry/repository`, without tag. */
  readonly image: string;
  readonly keys: readonly TrustedKey[];
  /**
   * The keys sign this image and no other. Only then does a Sigstore bundle made with one count: it names a digest and no
   * image.
   */
  readonly dedicatedKeys?: boolean;
  /** Who may sign without a key of their own: with certificates that a trusted authority gives out. */
  readonly identities?: readonly TrustedIdentity[];
  /** How many distinct keys and identities must have signed the same digest. */
  readonly threshold: number;
  readonly logs: readonly TransparencyLog[];
  /** The authorities for certificates and timestamps; none where logs are pinned by their keys alone. */
  readonly root?: TrustedRoot;
  /** What people call the public trusted root that the logs are from, with its date; none where logs are pinned. */
  readonly rootName?: string;
  /** `not-required` is for library users whose publisher logs nothing; no profile can say so. */
  readonly logEntry?: 'required' | 'not-required';
}
