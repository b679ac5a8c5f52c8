import { pathOf } from './docker-context.ts';
import type { DockerSurroundings } from './docker-surroundings.ts';

export interface DesktopSocket {
  readonly path: string;
  /** Other engines listen there too: only one that says it is Docker Desktop's counts. */
  readonly isShared?: boolean;
}

type Places = Pick<DockerSurroundings, 'platform' | 'home' | 'env'>;

/** Where Docker Desktop listens, best first. */
export function desktopSockets({ platform, home }: Places): readonly DesktopSocket[] {
  const { join } = pathOf(platform);
  switch (platform) {
    case 'darwin':
      return [{ path: join(home, '.docker', 'run', 'docker.sock') }, { path: '/var/run/docker.sock', isShared: true }];
    case 'win32':
      return [{ path: '//./pipe/dockerDesktopLinuxEngine' }, { path: '//./pipe/docker_engine', isShared: true }];
    default:
      return [{ path: join(home, '.docker', 'desktop', 'docker.sock') }];
  }
}

/** What is there when it is installed, running or not. */
export function desktopPrograms({ platform, home, env }: Places): readonly string[] {
  const { join } = pathOf(platform);
  switch (platform) {
    case 'darwin':
      return ['/Applications/Docker.app', join(home, 'Applications', 'Docker.app')];
    case 'win32':
      return [
        join(env.ProgramFiles || 'C:\\Program Files', 'Docker', 'Docker', 'Docker Desktop.exe'),
        join(env.LOCALAPPDATA || join(home, 'AppData', 'Local'), 'Programs', 'DockerDesktop', 'Docker Desktop.exe'),
      ];
    default:
      return ['/opt/docker-desktop'];
  }
}
