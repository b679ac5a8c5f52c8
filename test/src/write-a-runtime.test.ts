import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';

const root = join(import.meta.dirname, '..', '..');
const page = readFileSync(join(root, 'docs', 'write-a-runtime.md'), 'utf8');

/** Fenced blocks in order, each with the file that the comment above it names. */
const blocks = [...page.matchAll(/^( *)(?:<!-- from: (\S+) -->\n *)?```(\w+)\n([\s\S]*?)^ *```$/gm)].map(
  ([, indent = '', from, language, text = '']) => ({ from, language, lines: unindented(text, indent.length) }),
);

function unindented(text: string, by: number): string[] {
  return text
    .trimEnd()
    .split('\n')
    .map((line) => line.slice(by));
}

/** Whether these lines stand in the file one after the other, all moved in by the same amount. */
function stands(lines: readonly string[], file: readonly string[]): boolean {
  return file.some((first, at) => {
    const indent = ' '.repeat(Math.max(0, first.length - (lines[0] ?? '').length));
    return lines.every((line, index) => file[at + index] === (line === '' ? '' : indent + line));
  });
}

describe('docs/write-a-runtime.md', () => {
  it('has code that is all taken from the example', () => {
    const code = blocks.filter(({ language }) => language !== 'sh' && language !== 'console');
    expect(code).toHaveLength(5);
    for (const { from, lines } of code) {
      const file = readFileSync(join(root, from ?? 'no comment says from where'), 'utf8').split('\n');
      expect({ from, lines, stands: stands(lines, file) }).toMatchObject({ stands: true });
    }
  });

  it('says truly how long the example is', () => {
    const file = readFileSync(join(root, 'examples/runtime-nerdctl/src/create-runtime.ts'), 'utf8');
    expect(page).toContain('under 80 lines');
    expect(file.trimEnd().split('\n').length).toBeLessThan(80);
  });

  it('names every member of the port', () => {
    const port = readFileSync(join(root, 'packages/core/src/runtime/container-runtime.ts'), 'utf8');
    const [, body = ''] = /export interface ContainerRuntime \{\n([\s\S]*?)\n\}/.exec(port) ?? [];
    const members = [...body.matchAll(/^ {2}(?:readonly )?(\w+)[?(:]/gm)].map(([, name]) => name);
    const rows = [...page.matchAll(/^\| `(\w+)` \|/gm)].map(([, name]) => name);
    expect(rows.sort()).toEqual(members.sort());
    expect(members).toHaveLength(9);
  });
});
