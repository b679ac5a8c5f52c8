import { type CommandLine, keyOf, type Node, type Option, pathsOf, scriptHeader, type Values } from './command-line.ts';

/** For fish from 3.0 on. */
export function fishScript(line: CommandLine): string {
  const condition = `__${line.bin.replace(/\W/g, '_')}_at`;
  return [
    ...scriptHeader(line, 'fish'),
    '# Whether the words before the cursor lead to this verb, and optionally whether they are this many.',
    `function ${condition}`,
    '  set -l words (commandline -opc)',
    "  set -l verb ''",
    '  for word in $words[2..-1]',
    '    switch "$verb $word"',
    `      case ${pathsOf(line).map(quoted).join(' ')}`,
    '        set verb "$verb $word"',
    "      case '*'",
    '        break',
    '    end',
    '  end',
    '  test "$verb" = "$argv[1]"; or return 1',
    '  test (count $argv) -eq 1; or test (count $words) -eq "$argv[2]"',
    'end',
    `complete -c ${line.bin} -e`,
    `complete -c ${line.bin} -f`,
    ...line.nodes.flatMap((node) => nodeLines(node, `complete -c ${line.bin} -n`, condition)),
    '',
  ].join('\n');
}

function nodeLines(node: Node, complete: string, condition: string): readonly string[] {
  const { entries, options, argument } = node;
  const here = `${complete} ${quoted(`${condition} ${quoted(keyOf(node))}`)}`;
  const next = `${complete} ${quoted(`${condition} ${quoted(keyOf(node))} ${node.path.length + 1}`)}`;
  return [
    ...entries.map(({ word, summary }) => `${next} -a ${word} -d ${quoted(summary)}`),
    ...options.map((option) => `${here} ${optionWords(option)} -d ${quoted(option.summary)}`),
    ...(argument && offers(argument) ? [`${here} ${valueWords(argument)}`] : []),
  ];
}

function optionWords({ name, char, value }: Option): string {
  const spelled = `${char === undefined ? '' : `-s ${char} `}-l ${name}`;
  return value ? `${spelled} -r ${valueWords(value)}` : spelled;
}

function valueWords({ words, paths }: Values): string {
  if (paths === 'files') return '-F';
  if (paths === 'folders') return "-f -a '(__fish_complete_directories)'";
  if (paths === 'json') return `-f -k -a ${quoted(`(__fish_complete_suffix .json) ${words.join(' ')}`)}`;
  return words.length > 0 ? `-f -a ${quoted(words.join(' '))}` : '-f';
}

function offers({ words, paths }: Values): boolean {
  return words.length > 0 || paths !== 'none';
}

function quoted(text: string): string {
  return `'${text.replace(/[\\']/g, '\\$&')}'`;
}
