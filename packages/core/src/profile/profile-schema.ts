import * as v from 'valibot';

const text = v.pipe(v.string(), v.minLength(1, 'expected text, got an empty string'), v.maxLength(4096));
const path = v.pipe(text, v.description('A file, relative to the profile.'));
const key = v.pipe(text, v.description('A file relative to the profile, or one PEM block "PUBLIC KEY".'));
const positive = v.pipe(v.number(), v.integer('expected a whole number'), v.minValue(1, 'expected at least 1'));
const logIndex = v.pipe(v.number(), v.integer('expected a whole number'), v.minValue(0, 'expected 0 or more'));

const identity = v.strictObject({
  issuer: v.pipe(text, v.description('URL of the identity provider, as the certificate has it.')),
  subject: v.union([
    v.pipe(text, v.description('The certificate’s subject alternative name, whole.')),
    v.strictObject({
      pattern: v.pipe(
        text,
        v.regex(/^\^.*\$$/, 'expected a pattern that is anchored: ^…$'),
        v.description('A regular expression (ECMAScript) that the whole subject must match.'),
      ),
    }),
  ]),
});

/** A profile file, as the contract has it. Its published JSON schema is made from this. */
export const profileSchema = v.strictObject({
  $schema: v.optional(v.string()),
  name: v.pipe(text, v.description('What people call this profile.')),
  image: v.pipe(text, v.description('registry/repository, as the publisher signs it; no tag.')),
  tag: v.optional(v.pipe(text, v.description('The tag to follow. Default: latest.'))),
  keys: v.optional(
    v.pipe(
      v.array(key),
      v.minLength(1, 'expected at least one key'),
      v.maxLength(16),
      v.description('Keys that may sign. These, or identities, or both.'),
    ),
  ),
  dedicatedKeys: v.optional(v.pipe(v.boolean(), v.description('These keys sign this image and no other.'))),
  identities: v.optional(
    v.pipe(
      v.array(identity),
      v.minLength(1, 'expected at least one identity'),
      v.maxLength(16),
      v.description('Who may sign with a certificate of a trusted authority, in place of a key of their own.'),
    ),
  ),
  threshold: v.optional(
    v.pipe(positive, v.description('How many distinct keys and identities must have signed. Default: 1.')),
  ),
  transparencyLog: v.optional(
    v.strictObject({
      keys: v.optional(v.pipe(v.array(key), v.minLength(1, 'expected at least one log key'), v.maxLength(16))),
      trustedRoot: v.optional(path),
      floor: v.optional(
        v.record(v.pipe(v.string(), v.regex(/^[0-9a-f]{64}$/, 'expected a log ID, 64 hex digits')), logIndex),
      ),
    }),
  ),
  provenance: v.optional(
    v.strictObject({
      repository: text,
      workflow: v.optional(text),
      required: v.optional(v.pipe(v.boolean(), v.description('upgrade and load-archive demand it too.'))),
    }),
  ),
  freshnessDays: v.optional(
    v.pipe(positive, v.description('A release older than this is reported as stale. Default: 60.')),
  ),
  mirrors: v.optional(v.pipe(v.array(text), v.maxLength(16))),
  bundledArchive: v.optional(
    v.pipe(path, v.description('An archive that came with the application, relative to the profile.')),
  ),
});

export type ProfileFile = v.InferOutput<typeof profileSchema>;
