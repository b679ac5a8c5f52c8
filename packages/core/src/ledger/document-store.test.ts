import { chmodSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { digestOf, hexOf } from '../oci/digest.ts';
import { listDocuments, MAX_DOCUMENT_BYTES, readDocument, removeDocument, writeDocument } from './document-store.ts';
import type { StateFolder } from './state-folder.ts';

const bytes = Buffer.from('{"schemaVersion":2, "odd":  "whitespace"}\n');
const digest = digestOf(bytes);
let folder: StateFolder;
beforeEach(() => {
  folder = { path: mkdtempSync(join(tmpdir(), 'documents-')) };
});
afterEach(() => rmSync(folder.path, { recursive: true, force: true }));
const fileOf = () => join(folder.path, 'manifests', `sha256-${hexOf(digest)}`);

describe('the document store', () => {
  it('gives back exactly the bytes that were kept, by their digest', async () => {
    expect(await readDocument(folder, digest)).toBeUndefined();
    expect(await listDocuments(folder)).toEqual([]);
    expect(await writeDocument(folder, bytes)).toBe(digest);
    expect(await readDocument(folder, digest)).toEqual(bytes);
    writeFileSync(join(folder.path, 'manifests', 'README'), '');
    expect(await listDocuments(folder)).toEqual([digest]);
  });

  it('forgets a document, also twice', async () => {
    await removeDocument(folder, digest);
    await writeDocument(folder, bytes);
    await removeDocument(folder, digest);
    expect(readdirSync(join(folder.path, 'manifests'))).toEqual([]);
  });

  it.each([
    ['changed', Buffer.from('{"schemaVersion":3, "odd":  "whitespace"}\n')],
    ['cut off', bytes.subarray(0, 10)],
    ['empty', Buffer.alloc(0)],
    ['longer', Buffer.concat([bytes, bytes])],
  ])('bad input 162: refuses a document that was %s, and heals when it is written again', async (_, content) => {
    await writeDocument(folder, bytes);
    writeFileSync(fileOf(), content);
    await expect(readDocument(folder, digest)).rejects.toMatchObject({ code: 'DIGEST_MISMATCH' });
    await writeDocument(folder, bytes);
    expect(await readDocument(folder, digest)).toEqual(bytes);
  });

  it('keeps no document that is longer than a registry would take', async () => {
    await expect(writeDocument(folder, Buffer.alloc(MAX_DOCUMENT_BYTES + 1))).rejects.toMatchObject({
      code: 'LIMIT_EXCEEDED',
    });
    await writeDocument(folder, bytes);
    writeFileSync(fileOf(), Buffer.alloc(MAX_DOCUMENT_BYTES + 1));
    chmodSync(fileOf(), 0o600);
    await expect(readDocument(folder, digest)).rejects.toMatchObject({ code: 'STATE_INVALID' });
  });
});
