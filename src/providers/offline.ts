/** The offline server, which the gateway runs in its own process. */
import { z } from 'zod';
import { createEndpoint } from './endpoint.js';
import { transcriptionModel } from './openai.js';
import { defineProvider, requireValue } from './provider.js';

export const offline = defineProvider({
  name: 'offline',
  env: {},
  settings: z.unknown().transform(() => undefined),
  selectedBy: [],
  required: () => [],
  resolve: (_settings, { dialect, localUrl }) =>
    createEndpoint(new URL(requireValue(localUrl, 'the offline server')), {}, { dialect, model: 'offline' }),
  local: true,
  capabilities: (_dialect, localServer) => requireValue(localServer, 'the offline server').capabilities(),
  transcriptionModel,
});
