import { digestOf } from '@dangerzone-image/core';
import { describe, expect, it } from 'vitest';
import { attestedDigests } from './attested-digests.ts';

const [one, other] = ['one', 'other'].map((text) => digestOf(Buffer.from(text)));
const subjectOf = (digest = '') => ({ name: 'an image', digest: { sha256: digest.slice('sha256:'.length) } });
const envelope = (statement: unknown) =>
  Buffer.from(JSON.stringify({ payload: Buffer.from(JSON.stringify(statement)).toString('base64') }));

describe('attestedDigests', () => {
  it('are those of all subjects', () => {
    expect(attestedDigests(envelope({ subject: [subjectOf(one), subjectOf(other)] }))).toEqual([one, other]);
  });

  it.each<[string, Buffer]>([
    ['no JSON', Buffer.from('{')],
    ['null', Buffer.from('null')],
    ['without a payload', Buffer.from('{}')],
    ['with a payload that is a number', Buffer.from('{"payload":3}')],
    ['with a payload that is no JSON', Buffer.from('{"payload":"AAAA"}')],
    ['without subjects', envelope({})],
    ['whose subjects are a text', envelope({ subject: 'sha256' })],
    ['whose subjects are nothing', envelope({ subject: [null, 3, 'x', {}, { digest: 3 }] })],
    ['whose subject has an object for its digest', envelope({ subject: [{ digest: { sha256: {} } }] })],
    [
      'bad input 37: whose subject has no digest',
      envelope({ subject: [subjectOf(`${one}0`), subjectOf('sha256:../x')] }),
    ],
    ['bad input 101: whose subject has another kind of digest', envelope({ subject: [{ digest: { sha512: 'a' } }] })],
  ])('of an envelope %s are none', (_name, bytes) => {
    expect(attestedDigests(bytes)).toEqual([]);
  });

  it('bad input 101: are looked for among the first 1024 subjects', () => {
    const others = (count: number) => Array.from({ length: count }, () => subjectOf(other));
    expect(attestedDigests(envelope({ subject: [...others(1023), subjectOf(one)] }))).toContain(one);
    expect(attestedDigests(envelope({ subject: [...others(1024), subjectOf(one)] }))).not.toContain(one);
  });
});
