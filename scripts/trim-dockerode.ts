import type { Plugin } from 'rolldown';

/** What dockerode requires at once for what the adapter never asks: another transport, and building images. */
const unneeded = /^(?:docker-modem|\.\/session|\.\/buildkit|tar-fs|@balena\/dockerignore)$/;
const ABSENT = '\0absent:';

/** Leaves sixty packages out of the Docker adapter's bundle: gRPC, protobufjs, ssh2 and what they bring. */
export const trimDockerode: Plugin = {
  name: 'trim-dockerode',
  resolveId(id, importer = '') {
    return /\/dockerode\/lib\/[^/]+\.js$/.test(importer) && unneeded.test(id) ? `${ABSENT}${id}` : null;
  },
  load(id) {
    if (!id.startsWith(ABSENT)) return null;
    const message = `${id.slice(ABSENT.length)} is not part of this bundle`;
    return `module.exports = () => { throw new TypeError(${JSON.stringify(message)}); };`;
  },
};
