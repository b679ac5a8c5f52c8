/**
 * What Dangerzone pins: its production key, the public Rekor v1 key, and the log index below which no release is taken
 * (an index signature's; freedomofpress/dangerzone, updater/log_index.py).
 */
export const dangerzoneProfile = {
  image: 'ghcr.io/freedomofpress/dangerzone/v1',
  tag: 'latest',
  key: `-----BEGIN PUBLIC KEY-----
MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE3CUlnwh825Z5wQAJV6TekEi6bCK2
YvAg7A+aeerM5hvc4CCCJFBae5AjnsjGHv4V/3xzssck6e51W+b0jU4qVw==
-----END PUBLIC KEY-----
`,
  logKey: `-----BEGIN PUBLIC KEY-----
MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE2G2Y+2tabdTV5BcGiBIx0a9fAFwr
kBbmLSGtks4L3qX6yYY0zufBnhC8Ur/iy55GhWP/9A/bY2LhC30M9+RYtw==
-----END PUBLIC KEY-----
`,
  logId: 'c0d23d6ad406973f9559f3ba2d1ca01f84147d8ffc5b8445c224f98b9591801d',
  floor: 2023689270,
  freshnessDays: 60,
  provenance: { repository: 'freedomofpress/dangerzone-image' },
} as const;
