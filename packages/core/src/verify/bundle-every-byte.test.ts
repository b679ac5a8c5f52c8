import { describe, expect, it } from 'vitest';
import { codeOf } from '../errors/coded-error.ts';
import type { BundleDocument } from './bundle-document.ts';
import { type Case, cases, findBundles, hasCosignImages, trustOf } from './cosign-images.test-support.ts';
import { isBundle } from './found-signature.ts';
import { verifySignatures } from './verify-signatures.ts';

type Json = { [member: string]: Json } & Json[] & string;

/** Where a bundle has what was signed, or what the signature, promise and proof are; each a text of base64, number or note. */
const PLACES: readonly (readonly [name: string, path: readonly (string | number)[], coding: 'base64' | 'latin1'])[] = [
  ['media type', ['mediaType'], 'latin1'],
  ['payload', ['dsseEnvelope', 'payload'], 'base64'],
  ['payload type', ['dsseEnvelope', 'payloadType'], 'latin1'],
  ['signature', ['dsseEnvelope', 'signatures', 0, 'sig'], 'base64'],
  ['log ID', ['verificationMaterial', 'tlogEntries', 0, 'logId', 'keyId'], 'base64'],
  ['log index', ['verificationMaterial', 'tlogEntries', 0, 'logIndex'], 'latin1'],
  ['kind', ['verificationMaterial', 'tlogEntries', 0, 'kindVersion', 'kind'], 'latin1'],
  ['version', ['verificationMaterial', 'tlogEntries', 0, 'kindVersion', 'version'], 'latin1'],
  ['integrated time', ['verificationMaterial', 'tlogEntries', 0, 'integratedTime'], 'latin1'],
  ['promise', ['verificationMaterial', 'tlogEntries', 0, 'inclusionPromise', 'signedEntryTimestamp'], 'base64'],
  ['body', ['verificationMaterial', 'tlogEntries', 0, 'canonicalizedBody'], 'base64'],
  ['proof index', ['verificationMaterial', 'tlogEntries', 0, 'inclusionProof', 'logIndex'], 'latin1'],
  ['root hash', ['verificationMaterial', 'tlogEntries', 0, 'inclusionProof', 'rootHash'], 'base64'],
  ['tree size', ['verificationMaterial', 'tlogEntries', 0, 'inclusionProof', 'treeSize'], 'latin1'],
  ['first hash', ['verificationMaterial', 'tlogEntries', 0, 'inclusionProof', 'hashes', 0], 'base64'],
  ['checkpoint', ['verificationMaterial', 'tlogEntries', 0, 'inclusionProof', 'checkpoint', 'envelope'], 'latin1'],
];

/** One per form: Rekor v1 with promise and proof, Rekor v2 with a proof. */
const LAYOUTS = ['bundle-rekor1-fallback', 'bundle-rekor2-tsa-fallback'];

function read(bundle: Json, path: readonly (string | number)[]): unknown {
  return path.reduce<unknown>((value, name) => (value as Json | undefined)?.[name as string], bundle);
}

function changed(bundle: Json, path: readonly (string | number)[], text: string): Json {
  const copy = structuredClone(bundle);
  const parent = read(copy, path.slice(0, -1)) as Json;
  parent[path.at(-1) as string] = text as Json;
  return copy;
}

/** Each byte of a place with one bit of it flipped; which one, the position tells, so that a run can be repeated. */
function* flipped(text: string, coding: 'base64' | 'latin1'): Generator<string> {
  const bytes = Buffer.from(text, coding);
  for (let at = 0; at < bytes.length; at++) {
    const copy = Buffer.from(bytes);
    copy[at] = (copy[at] ?? 0) ^ (1 << ((at * 5) % 7));
    yield copy.toString(coding);
  }
}

/** Whether a document counts as a signature of the case's digest. The trust is read once: thousands are asked for. */
function judgeOf(one: Case, mediaType: string | undefined): (document: Json) => boolean {
  const trust = trustOf(one);
  return (document) => {
    const found: BundleDocument = { mediaType, bytes: Buffer.from(JSON.stringify(document)) };
    try {
      return verifySignatures([found], one.digest, trust).acceptedBundles.length > 0;
    } catch (error) {
      if (codeOf(error) === undefined) throw error; // a bug of ours is no refusal
      return false;
    }
  };
}

describe.skipIf(!hasCosignImages)('a signed bundle', () => {
  const specimens = LAYOUTS.flatMap((layout) => {
    const one = cases.find((each) => each.layout === layout && each.check === 'signature' && each.expect === 'accept');
    const bundle = one && findBundles(layout, one.digest).filter(isBundle)[0];
    return one && bundle ? [[layout, one, bundle] as const] : [];
  });

  it('is there for each form', () => expect(specimens.map(([layout]) => layout)).toEqual(LAYOUTS));

  it.each(specimens)('of %s is refused after a change of any byte that somebody signed', (_, one, bundle) => {
    const document = JSON.parse(Buffer.from(bundle.bytes).toString()) as Json;
    const accepts = judgeOf(one, bundle.mediaType);
    expect(accepts(document)).toBe(true);
    for (const [name, path, coding] of PLACES) {
      const text = read(document, path);
      if (typeof text !== 'string') continue; // this form has no such member
      let at = 0;
      for (const other of flipped(text, coding)) {
        expect(accepts(changed(document, path, other)), `${name}, byte ${at} changed`).toBe(false);
        at++;
      }
    }
  });
});
