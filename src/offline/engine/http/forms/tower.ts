/** TowerInstruct, SalamandraTA and LMT: one instruction, then the text and the answer behind the names of their languages. */
import type { ChatForm } from '../form.js';

export const towerForm: ChatForm = {
  kind: 'chat',
  name: 'tower',
  models: /tower|salamandra-?ta|(?:^|[/_-])lmt(?:[/_:.-]|$)/,
  needs: ['source', 'target'],
  user: {
    plain: 'Translate the following text from {source} into {target}.\n{source}: {text}\n{target}:',
  },
  // These models go on with the next pair where nothing stops them.
  stop: ['\n{source}:', '\n{target}:'],
  leading: ['{target}:'],
  temperature: 0,
  spareTokens: 256,
};
