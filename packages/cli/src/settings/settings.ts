import * as v from 'valibot';

const text = v.pipe(v.string(), v.minLength(1, 'expected text, got an empty string'), v.maxLength(4096));
const texts = v.pipe(v.array(text), v.maxLength(16));
const seconds = v.pipe(v.number(), v.integer('expected whole seconds'), v.minValue(0), v.maxValue(99_999));

/** `config.json`: what this user wants unless a flag or a variable says otherwise (cli-contract). Nothing else is known. */
export const settingsSchema = v.strictObject({
  profile: v.optional(text),
  runtime: v.optional(text),
  /** For `runtime`, and for no other. */
  runtimeOptions: v.optional(v.record(v.pipe(v.string(), v.regex(/^[A-Za-z][A-Za-z0-9]{0,63}$/)), text)),
  mirrors: v.optional(texts),
  mirrorOnly: v.optional(v.boolean()),
  caFile: v.optional(text),
  authFile: v.optional(text),
  /** Token services (host, or host:port) that a registry's log-in may also be sent to. */
  credentialRealms: v.optional(texts),
  timeout: v.optional(v.pipe(seconds, v.minValue(1))),
  lockTimeout: v.optional(seconds),
  progress: v.optional(v.picklist(['auto', 'plain', 'json', 'none'])),
  quiet: v.optional(v.boolean()),
});

export type Settings = v.InferOutput<typeof settingsSchema>;
