#!/usr/bin/env node
// Plain old syntax: the Node that this is for may not know any newer one.
var wanted = 'Node.js 22 from 22.22.2, 24 from 24.15.0, or 26 and later';

function isSupported(version) {
  var parts = version.split('.').map(Number);
  if (parts[0] === 22) return parts[1] > 22 || (parts[1] === 22 && parts[2] >= 2);
  if (parts[0] === 24) return parts[1] >= 15;
  return parts[0] >= 26;
}

function refuse() {
  var message = `expected ${wanted}, got ${process.versions.node}`;
  var suggestion = 'Install a newer Node.js, or run the one of the workspace: node_modules/.bin/node.';
  var error = { code: 'USAGE', message: message, suggestions: [suggestion], details: {} };
  if (process.argv.indexOf('--json') === -1) console.error(`❌ USAGE: ${message}\n→ ${suggestion}`);
  else console.log(JSON.stringify({ schema: 1, verb: '', error: error }));
  process.exitCode = 2;
}

if (isSupported(process.versions.node)) {
  import('../dist/main.js').then((cli) => cli.main(process.argv.slice(2)));
} else {
  refuse();
}
