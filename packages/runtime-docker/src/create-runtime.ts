import type { CreateRuntime } from '@dangerzone-image/core';
import { chooseEndpoints } from './choose-endpoints.ts';
import { readDockerOptions } from './docker-options.ts';
import { dockerRuntime } from './docker-runtime.ts';
import { dockerSurroundings } from './docker-surroundings.ts';
import { openFirst } from './open-first.ts';

/** The runtime `docker`. Options: `host=unix:///…|tcp://…|ssh://…`, `context=NAME`. */
export const createRuntime: CreateRuntime = (options) => {
  const wish = readDockerOptions(options);
  return dockerRuntime('docker', async () => openFirst(await chooseEndpoints(wish, dockerSurroundings())));
};
