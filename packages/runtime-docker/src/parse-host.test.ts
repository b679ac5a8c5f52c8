import { describe, expect, it } from 'vitest';
import { type DockerEndpoint, formatEndpoint, isRemote } from './docker-endpoint.ts';
import { parseHost } from './parse-host.ts';

const where = 'DOCKER_HOST';

describe('parseHost', () => {
  it.each<[string, DockerEndpoint]>([
    ['unix:///var/run/docker.sock', { kind: 'socket', path: '/var/run/docker.sock' }],
    ['unix:///home/päivi/with space/docker.sock', { kind: 'socket', path: '/home/päivi/with space/docker.sock' }],
    ['npipe:////./pipe/docker_engine', { kind: 'socket', path: '//./pipe/docker_engine' }],
    ['tcp://127.0.0.1:2375', { kind: 'tcp', host: '127.0.0.1', port: 2375 }],
    ['tcp://engine.example', { kind: 'tcp', host: 'engine.example', port: 2375 }],
    ['tcp://engine.example:80', { kind: 'tcp', host: 'engine.example', port: 80 }],
    ['tcp://[::1]:2375', { kind: 'tcp', host: '::1', port: 2375 }],
    ['127.0.0.1:2375', { kind: 'tcp', host: '127.0.0.1', port: 2375 }],
    ['ssh://me@engine.example', { kind: 'ssh', host: 'engine.example', user: 'me' }],
    [
      'ssh://engine.example:2222/run/user/1000/docker.sock',
      { kind: 'ssh', host: 'engine.example', port: 2222, socket: '/run/user/1000/docker.sock' },
    ],
  ])('reads %s', (text, endpoint) => {
    expect(parseHost(text, { where })).toEqual(endpoint);
  });

  it('takes the port of TLS, and its folder, where TLS is meant', () => {
    const endpoint = { kind: 'tcp', host: 'engine.example', port: 2376, tlsFolder: '/certs' };
    expect(parseHost('tcp://engine.example', { where, tlsFolder: '/certs' })).toEqual(endpoint);
  });

  it.each([
    ['', 'nothing'],
    ['unix://', 'no path'],
    ['unix://docker.sock', 'a relative path'],
    ['npipe:////server/pipe/docker_engine', 'a pipe of another machine'],
    ['npipe://docker_engine', 'no pipe'],
    ['http://engine.example', 'another scheme'],
    ['fd://', 'a scheme of dockerd alone'],
    ['tcp://', 'no host'],
    ['tcp://engine.example:99999', 'no port'],
    ['tcp://me:secret@engine.example', 'a user, which nobody would ask for'],
    ['tcp://engine.example/path', 'a path'],
    ['ssh://', 'no host'],
    ['ssh://-oProxyCommand=touch%20x/', 'an option of ssh for a host'],
    ['ssh://-l@engine.example', 'an option of ssh for a user'],
    ['ssh://engine.example/$(touch x)', 'a command for the shell over there'],
    ['ssh://engine.example/x;reboot', 'two commands for the shell over there'],
    ['ssh://engine.example/x?y', 'a query'],
  ])('bad input 168: refuses %s: %s', (text) => {
    expect(() => parseHost(text, { where })).toThrow(expect.objectContaining({ code: 'USAGE' }));
  });

  it.each(['ssh://me:secret@engine.example', 'tcp://me:secret@engine.example', 'what://me:secret@engine.example'])(
    'bad input 30: shows no password of %s',
    (text) => {
      expect(() => parseHost(text, { where })).toThrow(
        expect.objectContaining({ message: expect.not.stringContaining('secret') }),
      );
    },
  );
});

describe('an endpoint', () => {
  it.each<[string, boolean]>([
    ['unix:///var/run/docker.sock', false],
    ['npipe:////./pipe/docker_engine', false],
    ['tcp://127.0.0.1:2375', false],
    ['tcp://127.9.9.9:2375', false],
    ['tcp://[::1]:2375', false],
    ['tcp://localhost:2375', false],
    ['tcp://localhost.example:2375', true],
    ['tcp://10.0.0.1:2375', true],
    ['tcp://[fe80::1]:2375', true],
    ['tcp://0.0.0.0:2375', true],
    ['ssh://me@localhost:22', true],
    ['ssh://engine.example/run/docker.sock', true],
  ])('bad input 173: %s, read and written again; on another machine: %s', (text, remote) => {
    const endpoint = parseHost(text, { where });
    expect(formatEndpoint(endpoint)).toBe(text);
    expect(isRemote(endpoint)).toBe(remote);
  });
});
