import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { codeOf } from '../errors/coded-error.ts';
import { formatReference, parseReference } from './reference.ts';

const digest = `sha256:${'a'.repeat(64)}` as const;

function codeOfParsing(text: string): string | undefined {
  try {
    parseReference(text);
    return undefined;
  } catch (error) {
    return codeOf(error);
  }
}

describe('an image reference', () => {
  it.each([
    ['ghcr.io/freedomofpress/dangerzone/v1', 'ghcr.io', 'freedomofpress/dangerzone/v1'],
    ['localhost/x', 'localhost', 'x'],
    ['localhost:5000/a/b_c/d__e/f.g/h--i', 'localhost:5000', 'a/b_c/d__e/f.g/h--i'],
    ['127.0.0.1:5000/sandbox/v1', '127.0.0.1:5000', 'sandbox/v1'],
    ['[::1]:5000/x', '[::1]:5000', 'x'],
    ['a-b.example.org/x', 'a-b.example.org', 'x'],
    ['example.org:65535/0', 'example.org:65535', '0'],
    ['alpine', 'docker.io', 'library/alpine'],
    ['team/alpine', 'docker.io', 'team/alpine'],
    ['docker.io/alpine', 'docker.io', 'library/alpine'],
    ['index.docker.io/alpine', 'docker.io', 'library/alpine'],
    ['registry-1.docker.io/team/alpine', 'docker.io', 'team/alpine'],
    ['evildocker.io/alpine', 'evildocker.io', 'alpine'],
    ['docker.io.evil.example/alpine', 'docker.io.evil.example', 'alpine'],
    ['docker.io:443/alpine', 'docker.io:443', 'alpine'],
    ['notlocalhost/x', 'docker.io', 'notlocalhost/x'],
  ])('%s names a registry and a repository', (text, registry, repository) => {
    expect(parseReference(text)).toEqual({ registry, repository, name: `${registry}/${repository}` });
  });

  it.each([
    ['example.org/x:v1', 'v1', undefined],
    ['example.org:5000/x:V1.0_rc-1', 'V1.0_rc-1', undefined],
    [`example.org/x@${digest}`, undefined, digest],
    [`example.org/x:v1@${digest}`, 'v1', digest],
    [`example.org/x:${'t'.repeat(128)}`, 't'.repeat(128), undefined],
  ])('%s has a tag or a digest, and reads back as it was', (text, tag, itsDigest) => {
    const reference = parseReference(text);
    expect([reference.tag, reference.digest]).toEqual([tag, itsDigest]);
    expect(formatReference(reference)).toBe(text);
  });

  it('of a host with a port and no path is a name with a tag, as Docker reads it', () => {
    expect(parseReference('localhost:5000')).toMatchObject({
      registry: 'docker.io',
      repository: 'library/localhost',
      tag: '5000',
    });
  });

  it.each([
    ['168: a flag', '-v'],
    ['168: a long flag', '--tls-verify=false'],
    ['168: a flag with a path', '--authfile=/x'],
    ['168: a flag as the registry', '-v.example/x'],
    ['168: a flag as the repository', 'example.org/-v'],
    ['168: a flag as the tag', 'example.org/x:-v'],
    ['168: a line feed', 'example.org/x\n'],
    ['168: a line feed before it', '\nexample.org/x'],
    ['168: a line feed after the tag', 'example.org/x:v1\n'],
    ['168: a NUL', 'example.org/x\0'],
    ['168: a blank', 'example.org/x y'],
    ['168: a command', 'example.org/$(id)'],
    ['168: a command as the tag', 'example.org/x:$(id)'],
    ['168: an escape', 'example.org/\x1b[2J'],
    ['nothing', ''],
    ['a registry alone', 'example.org/'],
    ['53: a slash at the end', 'example.org/x/'],
    ['53: a Cyrillic о', 'example.оrg/x'],
    ['53: a Cyrillic о in the path', 'example.org/fооd'],
    ['53: an upper-case path', 'example.org/X'],
    ['53: an upper-case registry', 'Example.org/x'],
    ['an empty part', 'example.org//x'],
    ['a slash before it', '/x'],
    ['a path upwards', 'example.org/../x'],
    ['a path of dots', 'example.org/./x'],
    ['a separator at the end', 'example.org/x_'],
    ['three underscores', 'example.org/x___y'],
    ['a dot and an underscore', 'example.org/x._y'],
    ['a scheme', 'https://example.org/x'],
    ['a query', 'example.org/x?a=b'],
    ['a fragment', 'example.org/x#a'],
    ['a percent sign', 'example.org/%2e%2e/x'],
    ['a backslash', 'example.org\\x'],
    ['a user', 'user@example.org/x'],
    ['a port that is none', 'example.org:a/x'],
    ['a port with a zero before it', 'example.org:080/x'],
    ['an empty port', 'example.org:/x'],
    ['an empty tag', 'example.org/x:'],
    ['a tag too long', `example.org/x:${'t'.repeat(129)}`],
    ['a tag with a slash', 'example.org/x:v/1'],
    ['37: an empty digest', 'example.org/x@'],
    ['37: a short digest', 'example.org/x@sha256:abc'],
    ['37: a digest with a line feed', `example.org/x@${digest}\n`],
    ['37: a digest by another algorithm', `example.org/x@sha512:${'a'.repeat(128)}`],
    ['37: two digests', `example.org/x@${digest}@${digest}`],
    ['a name too long', `example.org/${'x'.repeat(256)}`],
    ['189: 10 kB', `example.org/${'x'.repeat(10_000)}`],
    ['a host that begins with a dot', '.example.org/x'],
    ['a host with two dots', 'example..org/x'],
    ['a host that ends in a hyphen', 'example-.org/x'],
    ['190: docker.io and nothing', 'docker.io/'],
  ])('bad input %s: is refused', (_, text) => {
    expect(codeOfParsing(text)).toBe('REFERENCE_INVALID');
  });

  it('bad input 190: only the very names of Docker Hub are Docker Hub', () => {
    expect(parseReference('evildocker.io/x').name).toBe('evildocker.io/x');
    expect(parseReference('docker.io.example/x').name).toBe('docker.io.example/x');
  });

  it.each([
    ['a hyphen between letters', `${'a-'.repeat(225)}!`],
    ['hyphens alone', `a${'-'.repeat(440)}!`],
    ['dots between letters', `example.org/${'a.'.repeat(220)}!`],
    ['a host of hyphens', `${'a-'.repeat(220)}.!/x`],
    ['underscores', `a${'_'.repeat(440)}!`],
    ['a million letters', 'a'.repeat(1_000_000)],
    ['a million at signs', '@'.repeat(1_000_000)],
    ['a million slashes', '/'.repeat(1_000_000)],
  ])('bad input 189: %s are refused at once', (_, text) => {
    const start = performance.now();
    expect(codeOfParsing(text)).toBe('REFERENCE_INVALID');
    expect(performance.now() - start).toBeLessThan(5000); // a pattern that goes back takes minutes, or for ever
  });

  it('that is accepted reads back to itself, and any other text is refused with one code', () => {
    const piece = fc.constantFrom(
      'a',
      'b1',
      '.',
      '-',
      '_',
      '__',
      '/',
      ':',
      '@',
      'ghcr.io',
      'docker.io',
      '5000',
      digest,
      'A',
      '\n',
      '[::1]',
    );
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 8 }), (pieces) => {
        const code = codeOfParsing(pieces.join(''));
        if (code !== undefined) {
          expect(code).toBe('REFERENCE_INVALID');
          return;
        }
        const reference = parseReference(pieces.join(''));
        expect(parseReference(formatReference(reference))).toEqual(reference);
      }),
      { numRuns: 2000 },
    );
  });
});
