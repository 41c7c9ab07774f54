/** Whether a voice is one of the provider's: told at the edge, where it can be told with the names there are. */
import type { HttpPorts } from './ports.js';
import { invalidRequest } from './problem.js';

/** @throws GatewayError `invalid-request` that names the voices, where they are known. */
export async function checkVoice(
  voice: string | undefined,
  pointer: string,
  ports: Pick<HttpPorts, 'capabilities'>,
): Promise<void> {
  if (voice === undefined) return;
  const { voices } = await ports.capabilities();
  if (voices.length === 0 || voices.includes(voice)) return;
  const detail = `\`voice\` must be one of ${voices.map((name) => `\`${name}\``).join(', ')}.`;
  throw invalidRequest([{ pointer, detail }]);
}
