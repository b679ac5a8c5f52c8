// Docs must stay true: every relative link leads to a file, and every path in backquotes that looks like ours exists.
import { existsSync, globSync, readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';

const root = join(import.meta.dirname, '..');
const pages = globSync(['*.md', 'docs/**/*.md', 'packages/*/*.md', 'examples/*/*.md', 'test/*.md'], { cwd: root }).map(
  (page) => join(root, page),
);
const problems: string[] = [];

for (const page of pages) {
  const text = readFileSync(page, 'utf8');
  const links = [...text.matchAll(/\]\((?!https?:|#)([^)#\s]+)/g)].map(([, target = '']) =>
    join(dirname(page), target),
  );
  const paths = [...text.matchAll(/`((?:packages|examples|scripts|docs|test)\/[\w./-]+)`/g)].map(([, target = '']) =>
    join(root, target),
  );
  for (const target of [...links, ...paths]) {
    if (!existsSync(target)) problems.push(`${relative(root, page)}: ${relative(root, target)} does not exist`);
  }
}

for (const problem of problems) console.error(problem);
console.log(`${pages.length} pages read, ${problems.length} problems`);
process.exitCode = problems.length > 0 || pages.length === 0 ? 1 : 0;
