// Part of the build: the profile's JSON schema, made from the schema that the code itself uses.
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { toJsonSchema } from '@valibot/to-json-schema';
import { profileSchema } from '../src/profile/profile-schema.ts';

const folder = join(import.meta.dirname, '..', 'schema');
const schema = toJsonSchema(profileSchema, { errorMode: 'throw' });
mkdirSync(folder, { recursive: true });
writeFileSync(
  join(folder, 'profile.schema.json'),
  `${JSON.stringify({ title: 'dangerzone-image profile', ...schema }, undefined, 2)}\n`,
);
