export { createRuntime } from './create-runtime.ts';
