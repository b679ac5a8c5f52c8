import * as Flags from '@oclif/core/flags';
import type { InferredFlags } from '@oclif/core/interfaces';

const selection = 'IMAGE AND STATE';
const runtime = 'RUNTIME';
const network = 'NETWORK';
const output = 'OUTPUT';

/** The options that mean the same with every verb. A verb that needs no runtime or no network looks at none of theirs. */
export const commonFlags = {
  profile: Flags.string({
    summary: 'Whom to trust, and about which image: a file (with a slash, or *.json) or a built-in name.',
    helpValue: 'FILE|NAME',
    helpGroup: selection,
  }),
  'trusted-root': Flags.string({
    summary: 'A Sigstore trusted_root.json in place of the public one; never of logs that a profile pins.',
    helpValue: 'FILE',
    helpGroup: selection,
  }),
  'state-dir': Flags.string({
    summary: 'Folder of stored signatures and of what was installed.',
    env: 'DANGERZONE_IMAGE_STATE_DIR',
    helpValue: 'DIR',
    helpGroup: selection,
  }),
  'lock-timeout': Flags.string({
    summary: 'How long to wait for another run on the same state (default 60).',
    helpValue: 'SECONDS',
    helpGroup: selection,
  }),
  runtime: Flags.string({
    summary: 'Which runtime holds the image; else the first of podman, docker-desktop, docker that answers.',
    env: 'DANGERZONE_IMAGE_RUNTIME',
    helpValue: 'NAME',
    helpGroup: runtime,
  }),
  'runtime-option': Flags.string({
    summary: 'For that runtime, repeatable; oci-layout: path=DIR.',
    helpValue: 'KEY=VALUE',
    helpGroup: runtime,
    multiple: true,
    multipleNonGreedy: true,
  }),
  'allow-remote-engine': Flags.boolean({
    summary: 'Use an engine on another machine; else it is refused with its address.',
    helpGroup: runtime,
  }),
  mirror: Flags.string({
    summary: 'Fetch from here first, repeatable; replaces the mirrors of the profile. The image keeps its name.',
    helpValue: 'URL',
    helpGroup: network,
    multiple: true,
    multipleNonGreedy: true,
  }),
  'mirror-only': Flags.boolean({
    summary: 'Never ask the registry that the image is named after.',
    allowNo: true,
    helpGroup: network,
  }),
  'ca-file': Flags.string({
    summary: 'PEM certificates of authorities to trust for registries, besides the usual ones.',
    helpValue: 'PEM',
    helpGroup: network,
  }),
  'auth-file': Flags.string({
    summary: "Registry log-ins, in place of Podman's and Docker's own files. Used only where a registry asks.",
    helpValue: 'JSON',
    helpGroup: network,
  }),
  timeout: Flags.string({
    summary: 'How long to wait for an answer of a registry.',
    helpValue: 'SECONDS',
    helpGroup: network,
  }),
  json: Flags.boolean({ summary: 'Print the result, or the error, as one JSON object.', helpGroup: output }),
  progress: Flags.string({
    summary: 'How to tell on stderr what goes on (default auto).',
    options: ['auto', 'plain', 'json', 'none'],
    helpGroup: output,
  }),
  quiet: Flags.boolean({ char: 'q', summary: 'Print errors only.', helpGroup: output, allowNo: true }),
  debug: Flags.boolean({ summary: 'Say why each decision was taken.', helpGroup: output }),
};

export type CommonFlags = InferredFlags<typeof commonFlags>;
