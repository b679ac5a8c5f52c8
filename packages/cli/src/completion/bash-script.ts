// biome-ignore-all lint/suspicious/noTemplateCurlyInString: the curly brackets are bash's.
import { type CommandLine, keyOf, type Node, pathsOf, scriptHeader, spellings, type Values } from './command-line.ts';

/** For bash from 3.2 on, without the package bash-completion. Bash shows no summaries. */
export function bashScript(line: CommandLine): string {
  const name = `_${line.bin.replace(/\W/g, '_')}`;
  return [
    ...scriptHeader(line, 'bash'),
    `${name}_add_paths() {`,
    '  local found',
    '  while IFS= read -r found; do',
    '    if [[ -n $found ]]; then COMPREPLY+=("$found"); fi',
    '  done <<< "$(compgen "$@")"',
    '}',
    `${name}() {`,
    "  local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD-1]} verb='' takes='' word i",
    '  local -a options=() entries=() arguments=() words=()',
    '  COMPREPLY=()',
    '  # Readline takes "=" for a word of its own.',
    "  if [[ $cur == '=' ]]; then cur=''",
    "  elif [[ $prev == '=' ]]; then prev=${COMP_WORDS[COMP_CWORD-2]}",
    '  fi',
    '  for ((i = 1; i < COMP_CWORD; i++)); do',
    '    case "$verb ${COMP_WORDS[i]}" in',
    `      ${pathsOf(line).map(quoted).join(' | ')}) verb+=" \${COMP_WORDS[i]}" ;;`,
    '      *) break ;;',
    '    esac',
    '  done',
    "  local argument_takes='none' is_next=$((i == COMP_CWORD)) is_rest=0",
    '  for ((; i < COMP_CWORD; i++)); do',
    "    if [[ ${COMP_WORDS[i]} == '--' ]]; then is_rest=1 prev=''; fi",
    '  done',
    '  case $verb in',
    ...line.nodes.flatMap(nodeLines),
    '  esac',
    '  if [[ -n $takes ]]; then :',
    '  elif [[ $cur == -* && $is_rest == 0 ]]; then words=(${options[@]+"${options[@]}"})',
    '  elif [[ $is_next == 1 && ${#entries[@]} -gt 0 ]]; then words=("${entries[@]}")',
    '  else words=(${arguments[@]+"${arguments[@]}"}) takes=$argument_takes',
    '  fi',
    '  for word in ${words[@]+"${words[@]}"}; do',
    '    if [[ $word == "$cur"* ]]; then COMPREPLY+=("$word"); fi',
    '  done',
    '  # Readline itself completes paths best; older than bash 4 it cannot be asked to.',
    '  case $takes in',
    `    files) compopt -o default 2> /dev/null || ${name}_add_paths -f -- "$cur" ;;`,
    `    folders) compopt -o dirnames 2> /dev/null || ${name}_add_paths -d -- "$cur" ;;`,
    '    json)',
    '      compopt -o filenames 2> /dev/null',
    `      ${name}_add_paths -f -X '!*.json' -- "$cur"`,
    `      ${name}_add_paths -d -- "$cur" ;;`,
    '  esac',
    '  return 0',
    '}',
    `complete -F ${name} ${line.bin}`,
    '',
  ].join('\n');
}

function nodeLines(node: Node): readonly string[] {
  const { entries, options, argument } = node;
  return [
    `    ${quoted(keyOf(node))})`,
    `      options=(${options.flatMap(spellings).join(' ')})`,
    ...(entries.length > 0 ? [`      entries=(${entries.map(({ word }) => word).join(' ')})`] : []),
    ...(argument ? [`      arguments=(${argument.words.join(' ')}) argument_takes='${argument.paths}'`] : []),
    ...valueLines(node),
    '      ;;',
  ];
}

function valueLines({ options }: Node): readonly string[] {
  const branches = options.flatMap((option) =>
    option.value ? [`        ${spellings(option).join(' | ')}) ${assigned(option.value)} ;;`] : [],
  );
  return branches.length > 0 ? ['      case $prev in', ...branches, '      esac'] : [];
}

function assigned({ words, paths }: Values): string {
  return `words=(${words.join(' ')}) takes='${paths}'`;
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}
