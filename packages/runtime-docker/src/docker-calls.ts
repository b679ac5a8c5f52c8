import { CodedError, isDigest, parseReference } from '@dangerzone-image/core';
import type Dockerode from 'dockerode';
import { type DockerImages, parseImages } from './docker-answers.ts';
import { statusOf } from './engine-failure.ts';

const NOT_FOUND = 404;

/**
 * Without force: a name goes, the image with its last name; one that a container uses is refused by Docker. `noprune`:
 * else nameless parents go too, whoever's they are.
 */
export async function removeName(docker: Dockerode, full: string): Promise<void> {
  try {
    await docker.getImage(handle(full)).remove({ noprune: true });
  } catch (error) {
    if (statusOf(error) !== NOT_FOUND) throw error;
  }
}

/** `Image.get` of dockerode, which cannot be told to stop: a classic store writes all of it to disk before its first byte. */
export function exportOf(docker: Dockerode, id: string, signal?: AbortSignal): Promise<NodeJS.ReadableStream> {
  const call = { path: `/images/${id}/get`, method: 'GET', isStream: true, statusCodes: { 200: true } };
  return new Promise((resolve, reject) =>
    docker.modem.dial({ ...call, ...(signal && { abortSignal: signal }) }, (error, answer) =>
      error ? reject(error) : resolve(answer as NodeJS.ReadableStream),
    ),
  );
}

export async function listImages(docker: Dockerode, signal?: AbortSignal): Promise<DockerImages> {
  const options = { manifests: true, ...(signal && { abortSignal: signal }) };
  return parseImages(await docker.listImages(options as Dockerode.ListImagesOptions));
}

/** What goes into a URL's path: an ID or a full name, and nothing else. */
export function handle(id: string): string {
  if (!isDigest(id)) parseReference(id);
  return id;
}

export function nameParts(full: string): { readonly repo: string; readonly tag: string } {
  const { name, tag } = parseReference(full);
  if (tag !== undefined) return { repo: name, tag };
  throw new CodedError('REFERENCE_INVALID', `expected a full name with a tag, got ${full}`);
}
