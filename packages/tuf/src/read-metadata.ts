import { parseJson, parseShape } from '@dangerzone-image/core';
import * as v from 'valibot';
import { refuse } from './refusal.ts';
import type { ReadTufFile } from './tuf-files.ts';

const version = v.pipe(v.number(), v.integer(), v.minValue(1));
const described = v.object({ version });
const signatures = v.pipe(v.array(v.object({ keyid: v.string(), sig: v.string() })), v.maxLength(64));
const metadataSchema = v.object({
  signed: v.object({ version, meta: v.optional(v.record(v.string(), described)) }),
  signatures,
});

/**
 * Metadata as bytes for the library, after our own reader: the library takes two spellings of one key, and any number as a
 * version, which would become part of an address.
 */
export async function readMetadata(
  read: ReadTufFile,
  { name, limit }: { readonly name: string; readonly limit: number },
): Promise<Buffer | undefined> {
  const bytes = await read(name, limit);
  if (bytes === undefined) return undefined;
  if (bytes.length > limit) throw refuse(name, 'malformed', new Error(`longer than ${limit} bytes`));
  const place = { where: name, code: 'TRUSTED_ROOT_REFUSED' } as const;
  try {
    parseShape(metadataSchema, parseJson(bytes, place), place);
  } catch (error) {
    throw refuse(name, 'malformed', error);
  }
  return Buffer.from(bytes);
}
