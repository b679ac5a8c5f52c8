import type { Described } from './describe-command-line.ts';

/** Whatever means something to some shell, in one summary. Run by any of them, it would leave a file behind. */
export const hostileSummary =
  // biome-ignore lint/suspicious/noTemplateCurlyInString: a shell would expand it, which is the point.
  "It's \"x\" `touch run` $(touch run) ${HOME} [a] ]b[ c:d \\ \\' %s {e,f} ~ * ? # ; & | <g> !h ‘i’ “j” … (touch run)\n$(touch run)\u001b[2J'; touch run; '";

const label = { type: 'option', summary: hostileSummary } as const;

/** A command line with one of each kind. */
export const described: Described = {
  bin: 'tool-name',
  version: '1.2.3',
  topics: { state: hostileSummary },
  runtimes: ['podman', 'oci-layout', 'podman', 'new.one', '$(touch run)', "it's", '-v', 'a b', 'x'.repeat(65), ''],
  profiles: ['dangerzone'],
  verbs: [
    {
      id: 'upgrade',
      summary: hostileSummary,
      args: {},
      flags: {
        runtime: { ...label, name: 'runtime', helpValue: 'NAME' },
        profile: { ...label, name: 'profile', helpValue: 'FILE|NAME' },
        'state-dir': { ...label, name: 'state-dir', helpValue: 'DIR' },
        'ca-file': { ...label, name: 'ca-file', helpValue: 'PEM' },
        mirror: { ...label, name: 'mirror', helpValue: 'URL', multiple: true },
        via: { ...label, name: 'via', options: ['pull', 'load'] },
        quiet: { type: 'boolean', name: 'quiet', char: 'q', summary: hostileSummary, allowNo: true },
        secret: { type: 'boolean', name: 'secret', hidden: true },
      },
    },
    { id: 'state:show', summary: hostileSummary, args: {}, flags: { json: { type: 'boolean', name: 'json' } } },
    { id: 'state:reset', summary: 'Reset.', args: {}, flags: {} },
    { id: 'load', args: { file: { name: 'file' } }, flags: { force: { type: 'boolean', name: 'force' } } },
    { id: 'completion', args: { shell: { name: 'shell', options: ['bash', 'zsh'] } }, flags: {} },
    { id: 'hidden', hidden: true, args: {}, flags: {} },
    { id: '$(touch run)', args: {}, flags: {} },
  ],
};
