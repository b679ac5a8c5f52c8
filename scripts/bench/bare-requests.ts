import { once } from 'node:events';
import { Agent, type IncomingMessage, request } from 'node:http';
import { text } from 'node:stream/consumers';

/** Wall time of one HEAD of a tag on a connection of its own, sent by this process: what no look-up can be quicker than. */
export async function bareHead(origin: string, path: string): Promise<number> {
  const begin = performance.now();
  await send(new URL(path, origin), 'HEAD', new Agent());
  return performance.now() - begin;
}

/** The same where a token is needed: asked, told where to get one, got it, asked again, all on one connection. */
export async function bareHeadWithToken(origin: string, path: string, repository: string): Promise<number> {
  const begin = performance.now();
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  await send(new URL(path, origin), 'HEAD', agent);
  const answer = await send(new URL(`/token?scope=repository:${repository}:pull`, origin), 'GET', agent);
  const { token } = JSON.parse(answer) as { token: string };
  await send(new URL(path, origin), 'HEAD', agent, { authorization: `Bearer ${token}` });
  agent.destroy();
  return performance.now() - begin;
}

/** The same HEAD by a Node that does nothing else. */
export function headByNode(origin: string, path: string): readonly string[] {
  const url = JSON.stringify(new URL(path, origin).href);
  return [process.execPath, '-e', `require('node:http').request(${url}, { method: 'HEAD' }, (a) => a.resume()).end()`];
}

async function send(url: URL, method: string, agent: Agent, headers: Record<string, string> = {}): Promise<string> {
  const asked = request(url, { method, agent, headers });
  asked.end();
  const [answer] = (await once(asked, 'response')) as [IncomingMessage];
  return text(answer);
}
