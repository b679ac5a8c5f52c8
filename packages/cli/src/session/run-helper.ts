import type { RunHelper } from '@dangerzone-image/core/registry';

/** Runs a registry's credential helper: found in PATH by us, without a shell, its words bounded and never shown. */
export const runHelper: RunHelper = async (command, args, { input, maxBytes, timeoutMs, signal }) => {
  const [{ execa }, { findProgram }] = await Promise.all([import('execa'), import('@dangerzone-image/core')]);
  const path = await findProgram(process.platform === 'win32' ? `${command}.exe` : command);
  if (path === undefined) throw new Error('not in PATH');
  const result = await execa(path, [...args], {
    input,
    encoding: 'buffer',
    stderr: 'ignore',
    reject: false,
    preferLocal: false,
    maxBuffer: maxBytes,
    timeout: timeoutMs,
    cancelSignal: signal,
  });
  if (result.exitCode === undefined || result.isMaxBuffer) throw new Error('did not run to its end');
  return { exitCode: result.exitCode, stdout: result.stdout };
};
