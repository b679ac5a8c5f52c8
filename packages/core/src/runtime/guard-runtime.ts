import * as v from 'valibot';
import { CodedError, codeOf } from '../errors/coded-error.ts';
import { printable } from '../errors/printable.ts';
import { digestSchema } from '../oci/descriptor.ts';
import { parseShape } from '../oci/parse-shape.ts';
import type { ContainerRuntime, LocalImage, RuntimeInfo } from './container-runtime.ts';

const text = v.pipe(v.string(), v.maxLength(1024));
const localImage = v.object({ id: text, digests: v.array(digestSchema), names: v.array(text) });

export interface GuardOptions {
  /** An engine on another machine is asked nothing without this: somebody else may rule there. */
  readonly allowRemoteEngine?: boolean | undefined;
}

/** An adapter may be anyone's code: what it reports is parsed once, and what it throws gets a code. */
export function guardRuntime(
  runtime: ContainerRuntime,
  { allowRemoteEngine = false }: GuardOptions = {},
): ContainerRuntime {
  const attempt = async <T>(work: () => Promise<T>): Promise<T> =>
    work().catch((error) => Promise.reject(asRuntimeError(error, runtime.name)));
  let brief: Promise<RuntimeInfo> | undefined;
  const askBriefly = () => {
    brief ??= attempt(() => runtime.info({ brief: true }));
    return brief;
  };
  const requireAllowed = async () => refuseRemote(await askBriefly(), runtime.name, allowRemoteEngine);
  const call = async <T>(work: () => Promise<T>): Promise<T> => {
    await requireAllowed();
    return attempt(work);
  };
  const place = { where: `what runtime ${printable(runtime.name)} reports`, code: 'RUNTIME_FAILED' } as const;
  const parse = (image: unknown): LocalImage => parseShape(localImage, image, place);
  return {
    name: runtime.name,
    // Where and what an engine is stays the same for a verb; how much space it has does not.
    info: (options) => (options?.brief ? askBriefly() : attempt(() => runtime.info())),
    images: async (repository, options) =>
      parseShape(v.array(localImage), await call(() => runtime.images(repository, options)), place),
    ...(runtime.pull && {
      pull: async (image, options) => parse(await call(async () => runtime.pull?.(image, options))),
    }),
    load: async (stream, options) => parse(await call(() => runtime.load(stream, options))),
    ...(runtime.stage && {
      stage: async (image, options) => {
        const staged = await call(async () => runtime.stage?.(image, options));
        return (
          staged && {
            load: async (loading) => parse(await call(() => staged.load(loading))),
            [Symbol.asyncDispose]: () => attempt(async () => staged[Symbol.asyncDispose]()),
          }
        );
      },
    }),
    ...(runtime.save && {
      save: async function* (image, options) {
        await requireAllowed();
        try {
          for await (const chunk of runtime.save?.(image, options) ?? []) {
            if (!(chunk instanceof Uint8Array)) throw new TypeError('expected bytes');
            yield chunk;
          }
        } catch (error) {
          throw asRuntimeError(error, runtime.name);
        }
      },
    }),
    tag: (image, name) => call(() => runtime.tag(image, name)),
    remove: (image) => call(() => runtime.remove(image)),
  };
}

function refuseRemote({ isRemote, endpoint }: RuntimeInfo, name: string, isAllowed: boolean): void {
  if (!isRemote || isAllowed) return;
  throw new CodedError(
    'RUNTIME_UNAVAILABLE',
    `runtime ${printable(name)} is on another machine: ${printable(endpoint)}`,
    {
      suggestions: ['If you mean that machine, add --allow-remote-engine.'],
      details: { endpoint },
    },
  );
}

function asRuntimeError(error: unknown, name: string): unknown {
  if (codeOf(error) !== undefined || (error instanceof Error && error.name === 'AbortError')) return error;
  const facts = error instanceof Error ? error : new Error(String(error));
  if ('code' in facts && facts.code === 'ENOSPC') {
    return new CodedError('DISK_FULL', `runtime ${printable(name)} ran out of disk space`, {
      cause: error,
      suggestions: ['Free some space and run the same command again.'],
    });
  }
  return new CodedError('RUNTIME_FAILED', `runtime ${printable(name)} failed: ${printable(facts.message)}`, {
    cause: error,
    suggestions: ['Look at the runtime itself; run again with --debug for the cause.'],
  });
}
