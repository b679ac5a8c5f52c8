export { createDesktopRuntime } from './create-desktop-runtime.ts';
export { createRuntime } from './create-runtime.ts';
