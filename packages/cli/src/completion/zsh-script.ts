import {
  type CommandLine,
  keyOf,
  type Node,
  type Option,
  pathsOf,
  scriptHeader,
  spellings,
  type Values,
} from './command-line.ts';

/** For zsh with its completion system: a file in `fpath`, or text that is evaluated after `compinit`. */
export function zshScript(line: CommandLine): string {
  const name = `_${line.bin}`;
  return [
    `#compdef ${line.bin}`,
    ...scriptHeader(line, 'zsh'),
    `${name}_words_or_json() {`,
    '  _alternative "names:name:($*)" \'files:file:_files -g "*.json"\'',
    '}',
    `${name}() {`,
    "  local verb='' i=2",
    '  local -a entries options',
    '  while (( i < CURRENT )); do',
    '    case "$verb $words[i]" in',
    `      (${pathsOf(line).map(quoted).join('|')}) verb+=" $words[i]"; (( i++ )) ;;`,
    '      (*) break ;;',
    '    esac',
    '  done',
    '  case $verb in',
    ...line.nodes.flatMap((node) => nodeLines(node, name)),
    '  esac',
    '  if (( i == CURRENT && $#entries )) && [[ $PREFIX != -* ]]; then',
    '    _describe -t commands verb entries',
    '    return',
    '  fi',
    '  (( CURRENT -= i - 2 ))',
    '  shift $(( i - 2 )) words',
    '  _arguments -s -S : $options',
    '}',
    `if [[ $funcstack[1] == ${name} ]]; then`,
    `  ${name} "$@"`,
    'else',
    `  compdef ${name} ${line.bin}`,
    'fi',
    '',
  ].join('\n');
}

function nodeLines(node: Node, name: string): readonly string[] {
  const specs = [
    ...node.options.flatMap((option) => optionSpecs(option, name)),
    ...(node.argument ? [`1:${valueSpec(node.argument, name)}`] : []),
  ];
  const entries = node.entries.map(({ word, summary }) => `${word}:${summary.replaceAll('\\', '\\\\')}`);
  return [
    `    (${quoted(keyOf(node))})`,
    ...(entries.length > 0 ? [`      entries=(${entries.map(quoted).join(' ')})`] : []),
    '      options=(',
    ...specs.map((spec) => `        ${quoted(spec)}`),
    '      )',
    '      ;;',
  ];
}

/** One spec for each spelling; in parentheses what makes no sense beside it. */
function optionSpecs(option: Option, name: string): readonly string[] {
  const opposite = option.opposite === undefined ? [] : [`--${option.opposite}`];
  const excluded = option.isRepeatable ? '*' : `(${[...spellings(option), ...opposite].join(' ')})`;
  const value = option.value ? `:${valueSpec(option.value, name)}` : '';
  return spellings(option).map((spelling) => {
    const separator = option.value ? (spelling.startsWith('--') ? '=' : '+') : '';
    return `${excluded}${spelling}${separator}[${described(option.summary)}]${value}`;
  });
}

/** `label:action`; a blank action shows the label and completes nothing. */
function valueSpec({ label, words, paths }: Values, name: string): string {
  if (paths === 'json') return `${described(label)}:${name}_words_or_json ${words.join(' ')}`;
  if (paths === 'files') return `${described(label)}:_files`;
  if (paths === 'folders') return `${described(label)}:_files -/`;
  return `${described(label)}:${words.length > 0 ? `(${words.join(' ')})` : ' '}`;
}

/** Text inside a spec of `_arguments`, where brackets and colons mean something. */
function described(text: string): string {
  return text.replace(/[\\[\]:]/g, '\\$&');
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}
