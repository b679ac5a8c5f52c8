import { describeRuntimeContract } from '@dangerzone-image/core/testing';
import { afterAll, beforeAll, describe } from 'vitest';
import { createRuntime } from './create-runtime.ts';
import { engines, type RunningEngine, startEngine } from './docker.test-support.ts';

describe.each(engines)('$name', (engine) => {
  let running: RunningEngine;
  beforeAll(async () => {
    running = await startEngine(engine);
  });
  afterAll(() => running?.[Symbol.asyncDispose]());

  describeRuntimeContract('docker', async () => ({
    runtime: createRuntime({ host: `unix://${running.socket}` }),
    dispose: () => running.clean(),
  }));
});
