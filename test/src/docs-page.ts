import { readFileSync } from 'node:fs';
import { join } from 'node:path';

const docs = join(import.meta.dirname, '..', '..', 'docs');

/** A fenced block that is run, as a person would who reads the page from the top. */
export interface Runnable {
  readonly script: string;
  /** How the page says that it ends: `# exits with 10 …` after the last command, else 0. */
  readonly exitCode: number;
  /** What must have happened before: `<!-- given: a newer release -->` in front of the block. */
  readonly given: readonly string[];
  /** Files that the page has shown so far: `<!-- file: profile.json -->` in front of a block. */
  readonly files: Readonly<Record<string, string>>;
  /** The ```console block after it: what the page says that is printed. */
  readonly prints?: string;
}

export interface Page {
  readonly name: string;
  readonly runnable: readonly Runnable[];
  /** First lines of the blocks that look like commands or settings and are not run. */
  readonly notRun: readonly string[];
  /** Comments that are no convention of these pages: a misspelt one would silently change what is tested. */
  readonly unknownComments: readonly string[];
}

interface Block {
  readonly language: string;
  readonly text: string;
  readonly comments: readonly string[];
}

const COMMENT = /^<!-- (given|file): (.+) -->$/;
const EXIT = /# exits with (\d+)\b/;

/**
 * Reads a task page. ```sh is run. ```console right after it is its output; one that begins with `$ ` is a session
 * that is shown and not run, as is every other language.
 */
export function readPage(name: string): Page {
  const blocks = blocksOf(readFileSync(join(docs, `${name}.md`), 'utf8'));
  const files: Record<string, string> = {};
  const runnable: Runnable[] = [];
  const notRun: string[] = [];
  for (const [index, block] of blocks.entries()) {
    const file = commented(block, 'file')[0];
    if (file !== undefined) files[file] = block.text;
    else if (block.language === 'sh')
      runnable.push({ ...readScript(block), files: { ...files }, ...output(blocks[index + 1]) });
    else if (!isOutput(block) || blocks[index - 1]?.language !== 'sh') notRun.push(block.text.split('\n')[0] ?? '');
  }
  const comments = blocks.flatMap((block) => block.comments);
  return { name, runnable, notRun, unknownComments: comments.filter((comment) => !COMMENT.test(comment)) };
}

function readScript(block: Block): Pick<Runnable, 'script' | 'exitCode' | 'given'> {
  const lines = block.text.trimEnd().split('\n');
  const told = lines.flatMap((line, index) => (EXIT.test(line) ? [index] : []));
  if (told.some((index) => index !== lines.length - 1)) {
    throw new Error(`"# exits with" is for the last command of a block:\n${block.text}`);
  }
  const exitCode = Number(EXIT.exec(lines.at(-1) ?? '')?.[1] ?? 0);
  const given = commented(block, 'given').flatMap((list) => list.split(', '));
  return { script: block.text, exitCode, given };
}

const isOutput = ({ language, text }: Block) => language === 'console' && !text.startsWith('$ ');

function output(next: Block | undefined): Pick<Runnable, 'prints'> {
  return next && isOutput(next) ? { prints: next.text } : {};
}

function commented({ comments }: Block, kind: string): string[] {
  return comments.flatMap((comment) => {
    const [, found, value] = COMMENT.exec(comment) ?? [];
    return found === kind && value !== undefined ? [value] : [];
  });
}

/** Fenced blocks with the HTML comments right above them. */
function blocksOf(page: string): Block[] {
  const blocks: Block[] = [];
  let comments: string[] = [];
  const lines = page.split('\n')[Symbol.iterator]();
  for (const line of lines) {
    if (line.startsWith('<!--')) comments.push(line);
    const language = /^```(\w+)$/.exec(line)?.[1];
    if (language === undefined) continue;
    let text = '';
    for (const inside of lines) {
      if (inside === '```') break;
      text += `${inside}\n`;
    }
    blocks.push({ language, text, comments });
    comments = [];
  }
  if (comments.length > 0) throw new Error(`no block follows ${comments.join(' ')}`);
  return blocks;
}

/** `…` in a page stands for what differs from run to run, alone on a line for lines that are left out. */
export function printsAs(shown: string): RegExp {
  const lines = shown.trimEnd().split('\n');
  const patterns = lines.map((line) => {
    if (line.trim() === '…') return '(?:.*\\n)*?';
    return `${line.replace(/[\\^$.*+?()[\]{}|/]/g, '\\$&').replaceAll('…', '.*')}\\n`;
  });
  return new RegExp(`^${patterns.join('')}$`);
}
