import { describe, expect, it } from 'vitest';
import { refusalOfPaxRecords } from './refusal-of-pax-records.ts';

const refusal = (text: string) => refusalOfPaxRecords(Buffer.from(text, 'latin1'));

describe('a PAX header', () => {
  it.each(['', '27 mtime=1795439204.619749\n', '12 uid=1000\n13 gname=abc\n', '14 mtime=-123\n', '9 uname=\n'])(
    'may say times and owners: %j',
    (text) => expect(refusal(text)).toBeUndefined(),
  );

  it.each([
    '11 mtime=12\n', // ends before its line does
    '13 mtime=12\n', // ends behind it
    '99 mtime=12\n',
    '12 mtime=123', // no end of line
    '012 mtime=1\n',
    '0 mtime=1\n',
    '9 mtime=\n',
    '12 mtime=12\n\n',
    '12 mtime=12\n12 mtime=13\n',
    '16 size=1234567\n',
    '12 path=abc\n',
    '13 uname=a\0b\n',
    '13 uname=a\nb\n',
    '15 mtime=12\n34\n',
    ' 13 mtime=12\n',
    '12  mtime=1\n',
  ])('bad input 133: may say nothing else, nor in another way: %j', (text) => {
    expect(refusal(text)).toEqual(expect.any(String));
  });
});
