const units = ['kB', 'MB', 'GB', 'TB'] as const;

/** Bytes as people read them: powers of ten, one decimal. */
export function formatBytes(bytes: number): string {
  let [value, unit] = [bytes, 'bytes'];
  for (const larger of units) {
    if (value < 999.5) break;
    [value, unit] = [value / 1000, larger];
  }
  return unit === 'bytes' ? `${value} bytes` : `${value.toFixed(1)} ${unit}`;
}

/** A span of time, rounded to what matters: seconds, minutes and seconds, hours and minutes. */
export function formatDuration(milliseconds: number): string {
  const seconds = Math.ceil(milliseconds / 1000);
  if (seconds < 60) return `${seconds} s`;
  const minutes = Math.floor(seconds / 60);
  return minutes < 60 ? `${minutes} min ${seconds % 60} s` : `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}
