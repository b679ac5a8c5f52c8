import type { TrustedKey } from './public-key.ts';
import type { TransparencyLog } from './transparency-log.ts';

/** All that a verdict may rest on. It comes from the profile and the command line, never from what is verified. */
export interface Trust {
  /** The image name that a signature must state: `registry/repository`, without tag. */
  readonly image: string;
  readonly keys: readonly TrustedKey[];
  /** How many distinct keys must have signed the same digest. */
  readonly threshold: number;
  readonly logs: readonly TransparencyLog[];
  /** What people call the public trusted root that the logs are from, with its date; none where logs are pinned. */
  readonly rootName?: string;
  /** `not-required` is for library users whose publisher logs nothing; no profile can say so. */
  readonly logEntry?: 'required' | 'not-required';
}
