import type { CreateRuntime } from '@dangerzone-image/core';
import { unknownOption } from './docker-options.ts';
import { dockerRuntime } from './docker-runtime.ts';
import { dockerSurroundings } from './docker-surroundings.ts';
import { openDesktop } from './open-desktop.ts';

/** The runtime `docker-desktop`: wherever it listens on this platform. It has no options. */
export const createDesktopRuntime: CreateRuntime = (options) => {
  for (const key of Object.keys(options)) throw unknownOption('docker-desktop', key, []);
  return dockerRuntime('docker-desktop', () => openDesktop(dockerSurroundings()));
};
