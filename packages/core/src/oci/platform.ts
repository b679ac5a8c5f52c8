/** An image's platform (OCI image-spec, image-index.md): GOOS, GOARCH and, for ARM, a variant. */
export interface Platform {
  readonly os: string;
  readonly architecture: string;
  readonly variant?: string;
}

/** Node's names for architectures where Go has another. */
const ARCHITECTURES = new Map([
  ['x64', 'amd64'],
  ['ia32', '386'],
  ['ppc64', 'ppc64le'],
]);

/** The platform of containers on this machine: Linux, whatever runs them. */
export function hostPlatform(arch: string = process.arch): Platform {
  return { os: 'linux', architecture: ARCHITECTURES.get(arch) ?? arch };
}

export function formatPlatform({ os, architecture, variant }: Platform): string {
  return [os, architecture, variant].filter(Boolean).join('/');
}

/** Equal, where "arm64" and "arm64/v8" are one platform (containerd's normalisation). */
export function isSamePlatform(left: Platform, right: Platform): boolean {
  return left.os === right.os && left.architecture === right.architecture && variantOf(left) === variantOf(right);
}

function variantOf({ architecture, variant }: Platform): string {
  if (architecture === 'arm64' && variant === 'v8') return '';
  return architecture === 'arm' ? (variant ?? 'v7') : (variant ?? '');
}
