import * as Flags from '@oclif/core/flags';

export const forceFlag = Flags.boolean({
  summary: 'Install an older image on purpose. It must be signed all the same; this is recorded and lowers no floor.',
});

/** Said before anything is done. */
export const FORCED =
  'An older image may be installed, because of --force: it must be signed, this is recorded, and no floor is lowered.';
