import { Attempt, tracebackOf } from './attempt.ts';
import { Channel, type Configuration } from './channel.ts';
import { DenoKernel } from './kernels/deno.ts';
import type { Loader } from './modules.ts';
import { TslabSession } from './tslab-session.ts';

/** Where the pipes are, in a variable that no cell sees. */
const placeVariable = 'CELLWRIGHT_CHANNEL';

/** The life of a process for tasks. @param loader that of a module that lies in the folder of the notebook */
export async function live(loader: Loader): Promise<void> {
  const place = process.env[placeVariable] ?? '';
  const channel = new Channel(place);
  const configuration = (await channel.next()) as Configuration;
  for (const name of [placeVariable, ...configuration.hidden]) Reflect.deleteProperty(process.env, name);
  try {
    const served = await prepare(channel, configuration, loader);
    const { token, attempt } = configuration;
    channel.send({ type: 'hello', token, role: 'attempt', attempt, pid: process.pid });
    await served.serve();
  } catch (error) {
    channel.send({ type: 'broken', traceback: tracebackOf(error) });
  }
  process.exit(0);
}

async function prepare(
  channel: Channel,
  configuration: Configuration,
  loader: Loader,
): Promise<{ readonly serve: () => Promise<void> }> {
  const { kernel, home } = configuration;
  if (kernel !== 'deno') return new TslabSession(channel, home, kernel === 'jslab');
  const attempt = await Attempt.start(channel, { kernel: new DenoKernel(), loader, configuration });
  await attempt.warmUp();
  return attempt;
}
