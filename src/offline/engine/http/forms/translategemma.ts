/** TranslateGemma: one user message of fixed wording with names and codes of both languages, and no system message. */
import type { ChatForm } from '../form.js';

export const translateGemmaForm: ChatForm = {
  kind: 'chat',
  name: 'translategemma',
  models: /translate-?gemma/,
  needs: ['source', 'target'],
  user: {
    plain:
      'You are a professional {source} ({sourceCode}) to {target} ({targetCode}) translator. Your goal is to accurately ' +
      'convey the meaning and nuances of the original {source} text while adhering to {target} grammar, vocabulary, and ' +
      'cultural sensitivities.\nProduce only the {target} translation, without any additional explanations or commentary. ' +
      'Please translate the following {source} text into {target}:\n\n\n{text}',
  },
  stop: [],
  leading: [],
  temperature: 0,
  spareTokens: 256,
};
