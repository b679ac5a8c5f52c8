import { memoryRuntime } from './memory-runtime.ts';
import { describeRuntimeContract } from './runtime-contract.ts';

describeRuntimeContract('memory', async () => ({ runtime: memoryRuntime(), dispose: async () => {} }));
