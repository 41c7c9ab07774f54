/** Translation models behind a chat server: each writes rubbish, or its template refuses, unless it is asked as it was trained. */
import type { AskedChat, Model } from './chat.js';

/** Only a user message; the chat template of TranslateGemma raises for any other role (google/translategemma-4b-it). */
export const translateGemma: Model = ({ messages }) => {
  const [only, ...others] = messages;
  if (only?.role !== 'user' || others.length > 0)
    return { refusal: 'Conversation roles must alternate user/assistant/user/assistant/...' };
  const asked =
    /^You are a professional (.+) \(([\w-]+)\) to (.+) \(([\w-]+)\) translator\. Your goal is to accurately convey the meaning and nuances of the original \1 text while adhering to \3 grammar, vocabulary, and cultural sensitivities\.\nProduce only the \3 translation, without any additional explanations or commentary\. Please translate the following \1 text into \3:\n\n\n([\s\S]+)$/.exec(
      only.content,
    );
  return asked?.[5] === undefined
    ? 'I am a translator. How can I help?'
    : `${asked[4] ?? ''}: ${asked[5].toUpperCase()}`;
};

/** The templates of HY-MT's README (Tencent-Hunyuan/HY-MT@3b33173f). */
export const hunyuan: Model = (chat) => {
  const content = onlyMessage(chat);
  const templates = [
    /^Translate the following segment into (?<into>.+), without additional explanation\.\n\n(?<text>[\s\S]+)$/,
    /^将以下文本翻译为(?<into>.+)，注意只需要输出翻译后的结果，不要额外解释：\n\n(?<text>[\s\S]+)$/,
    /^(?<context>[\s\S]+)\n参考上面的信息，把下面的文本翻译成(?<into>.+)，注意不需要翻译上文，也不要额外解释：\n(?<text>[\s\S]+)$/,
  ];
  const groups = templates
    .map((template) => template.exec(content)?.groups)
    .find((each) => each !== undefined);
  if (groups === undefined) return `翻译：${content}`;
  const about = groups.context === undefined ? '' : ` (${groups.context})`;
  return `${groups.into ?? ''}: ${groups.text?.toUpperCase() ?? ''}${about}`;
};

/** Goes on with the next pair where nothing stops it (Unbabel/TowerInstruct-7B-v0.2). */
export const tower: Model = (chat) => {
  const asked = /^Translate the following text from (.+) into (.+)\.\n\1: ([\s\S]+)\n\2:$/.exec(
    onlyMessage(chat),
  );
  const [, source = '', target = '', text = ''] = asked ?? [];
  return asked === null
    ? 'What do you mean?'
    : ` ${text.toUpperCase()}\n${source}: Something else.\n${target}: ALGO MÁS.`;
};

function onlyMessage({ messages }: AskedChat): string {
  return messages.length === 1
    ? (messages[0]?.content ?? '')
    : 'a system message, which it was not trained with';
}
