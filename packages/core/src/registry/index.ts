// Its own entry point, so that verbs without a network load neither the client nor what it needs of TLS.
export { chooseProxy, type ProxyServer } from './choose-proxy.ts';
export type { HelperCall, RunHelper } from './credentials/ask-helper.ts';
export { type DocumentsOptions, type FetchDocument, openDocuments } from './fetch-document.ts';
export { openRegistry, type RegistryOptions } from './open-registry.ts';
export { openSources, type SourcesOptions } from './open-sources.ts';
export { registryOrigin } from './registry-origin.ts';
