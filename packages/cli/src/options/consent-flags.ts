import * as Flags from '@oclif/core/flags';

/** For a verb that changes something that the user should have seen before. */
export const consentFlags = {
  'dry-run': Flags.boolean({ summary: 'Show what it would do, and change nothing.' }),
  yes: Flags.boolean({ char: 'y', summary: 'Ask no question.', exclusive: ['dry-run'] }),
};
