/** What a registry's user has stored for it. Never in a message, a log or an error. */
export type Credential =
  | { readonly kind: 'password'; readonly username: string; readonly password: string }
  /** For the registry's token service alone (OAuth 2 refresh token). */
  | { readonly kind: 'identity-token'; readonly token: string };

/** Docker's sign that the password beside it is an identity token. */
const TOKEN_USER = '<token>';

export function toCredential(username: string, password: string): Credential {
  return username === TOKEN_USER
    ? { kind: 'identity-token', token: password }
    : { kind: 'password', username, password };
}

/** RFC 7617; the text is base64, so nothing in it can end the header. */
export function basicAuthorization({ username, password }: Extract<Credential, { kind: 'password' }>): string {
  return `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`;
}
