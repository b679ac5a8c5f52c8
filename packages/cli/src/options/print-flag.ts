import * as Flags from '@oclif/core/flags';

/** What can be printed alone, for `$(…)` in a script. */
export const printFlag = {
  print: Flags.string({
    summary: 'Print nothing but name@sha256:…, which is what to run.',
    options: ['ref'],
    exclusive: ['json'],
  }),
};
