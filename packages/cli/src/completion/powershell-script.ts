import { type CommandLine, keyOf, type Node, scriptHeader, spellings, type Values } from './command-line.ts';

/** For Windows PowerShell 5.1 and PowerShell 7. ASCII only: 5.1 reads a file without a mark in an old code page. */
export function powershellScript(line: CommandLine): string {
  const commands = [line.bin, `${line.bin}.cmd`, `${line.bin}.ps1`].map(quoted).join(', ');
  return [
    ...scriptHeader(line, 'powershell'),
    `Register-ArgumentCompleter -Native -CommandName ${commands} -ScriptBlock {`,
    '  param($wordToComplete, $commandAst, $cursorPosition)',
    '  $nodes = @{',
    ...line.nodes.flatMap(nodeLines),
    '  }',
    '  $before = $commandAst.CommandElements | Where-Object { $_.Extent.EndOffset -lt $cursorPosition }',
    '  $words = @($before | Select-Object -Skip 1 | ForEach-Object { $_.ToString() })',
    "  $verb = ''; $i = 0",
    '  while ($i -lt $words.Count -and $nodes.ContainsKey("$verb $($words[$i])")) { $verb += " $($words[$i])"; $i++ }',
    '  $node = $nodes[$verb]',
    '  $rest = @($words | Select-Object -Skip $i)',
    "  $current = \"$wordToComplete\"; $prefix = ''; $previous = if ($rest.Count) { $rest[-1] } else { '' }",
    '  if ($current -match \'^(--[a-z-]+)=(.*)$\') { $previous = $Matches[1]; $prefix = "$previous="; $current = $Matches[2] }',
    "  $isRest = $rest -contains '--'",
    '  $found = @()',
    '  $values = if (-not $isRest -and $previous) { $node.takes[$previous] }',
    '  if (-not $values) {',
    "    if ($current.StartsWith('-') -and -not $isRest) { $found = $node.options }",
    '    elseif ($rest.Count -eq 0 -and $node.entries.Count) { $found = $node.entries }',
    '    else { $values = $node.argument }',
    '  }',
    '  if ($values) { $found = @($values.words | ForEach-Object { @{ word = $_; tip = $_ } }) }',
    '  $found | Where-Object { $_.word -like "$([WildcardPattern]::Escape($current))*" } | ForEach-Object {',
    '    $tip = if ($_.tip) { $_.tip } else { $_.word }',
    "    [System.Management.Automation.CompletionResult]::new($prefix + $_.word, $_.word, 'ParameterValue', $tip)",
    '  }',
    "  if ($values -and $values.paths -ne 'none') {",
    '    [System.Management.Automation.CompletionCompleters]::CompleteFilename($current) | Where-Object {',
    "      $_.ResultType -eq 'ProviderContainer' -or $values.paths -eq 'files' -or",
    "      ($values.paths -eq 'json' -and $_.ListItemText -like '*.json')",
    '    } | ForEach-Object {',
    '      [System.Management.Automation.CompletionResult]::new(',
    '        $prefix + $_.CompletionText, $_.ListItemText, $_.ResultType, $_.ToolTip)',
    '    }',
    '  }',
    '}',
    '',
  ].join('\n');
}

function nodeLines(node: Node): readonly string[] {
  const options = node.options.flatMap((option) => spellings(option).map((word) => pair(word, option.summary)));
  const values = node.options.flatMap((option) =>
    option.value ? spellings(option).map((word) => `${quoted(word)} = ${table(option.value as Values)}`) : [],
  );
  return [
    `    ${quoted(keyOf(node))} = @{`,
    `      entries = @(${node.entries.map(({ word, summary }) => pair(word, summary)).join(', ')})`,
    `      options = @(${options.join(', ')})`,
    `      takes = @{ ${values.join('; ')} }`,
    `      argument = ${node.argument ? table(node.argument) : '$null'}`,
    '    }',
  ];
}

function pair(word: string, tip: string): string {
  return `@{ word = ${quoted(word)}; tip = ${quoted(tip)} }`;
}

function table({ words, paths }: Values): string {
  return `@{ words = @(${words.map(quoted).join(', ')}); paths = ${quoted(paths)} }`;
}

/** PowerShell ends a text at typographic quotes too; none is left when it is ASCII. */
function quoted(text: string): string {
  const ascii = text
    .replaceAll('…', '...')
    .replace(/[‘’‚‛]/g, "'")
    .replace(/[^\x20-\x7e]/g, '?');
  return `'${ascii.replaceAll("'", "''")}'`;
}
