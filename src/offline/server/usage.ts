/**
 * Deterministic estimates of token counts: a token for every four UTF-16 units
 * of text, for every 100 ms of the user's audio and for every 50 ms of the assistant's (the real server's rates for audio).
 */
import type { Item, Usage } from '../../wire/index.js';
import { pcmDurationMs } from '../../audio/pcm.js';

const TEXT_UNITS_PER_TOKEN = 4;
const INPUT_MS_PER_TOKEN = 100;
const OUTPUT_MS_PER_TOKEN = 50;

export function tokensOfText(text: string): number {
  return Math.ceil(text.length / TEXT_UNITS_PER_TOKEN);
}

/** Input tokens are instructions and context, output tokens the words and samples of the answer. */
export function estimateUsage(
  instructions: string,
  items: readonly Item[],
  answer: { text: string; audioBytes: number },
): Usage {
  let inputText = tokensOfText(instructions);
  let inputAudioTokens = 0;
  for (const part of items.flatMap(({ parts }) => parts)) {
    if (part.type === 'text') inputText += tokensOfText(part.text);
    else if (part.audio === undefined) inputText += tokensOfText(part.transcript ?? '');
    else inputAudioTokens += Math.ceil(pcmDurationMs(part.audio.length) / INPUT_MS_PER_TOKEN);
  }
  const outputAudioTokens = Math.ceil(pcmDurationMs(answer.audioBytes) / OUTPUT_MS_PER_TOKEN);
  const inputTokens = inputText + inputAudioTokens;
  const outputTokens = tokensOfText(answer.text) + outputAudioTokens;
  return {
    inputTokens,
    outputTokens,
    totalTokens: inputTokens + outputTokens,
    inputAudioTokens,
    outputAudioTokens,
  };
}
