// The node-* packages state `os` and `cpu` as strings. The lockfile keeps lists only, and without them
// every machine would fetch the binaries of all five platforms.
const asList = (value) => (typeof value === 'string' ? [value] : value);

module.exports = {
  hooks: {
    readPackage(manifest) {
      if (manifest.name?.startsWith('node-')) {
        manifest.os = asList(manifest.os);
        manifest.cpu = asList(manifest.cpu);
      }
      return manifest;
    },
  },
};
