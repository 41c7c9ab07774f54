/** Hunyuan-MT and HY-MT: one user message, in Chinese where Chinese is on either side or a context is given. */
import type { ChatForm } from '../form.js';

export const hunyuanForm: ChatForm = {
  kind: 'chat',
  name: 'hunyuan',
  models: /hunyuan.*mt|hy-?mt/,
  needs: ['target'],
  user: {
    plain: 'Translate the following segment into {target}, without additional explanation.\n\n{text}',
    withChinese: '将以下文本翻译为{targetInChinese}，注意只需要输出翻译后的结果，不要额外解释：\n\n{text}',
    withContext:
      '{context}\n参考上面的信息，把下面的文本翻译成{targetInChinese}，注意不需要翻译上文，也不要额外解释：\n{text}',
  },
  withoutContext: /1\.8b/,
  stop: [],
  leading: [],
  temperature: 0,
  spareTokens: 256,
};
