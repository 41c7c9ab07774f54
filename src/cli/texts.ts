/** Texts, and what is spoken: one request each. */
import { text as readText } from 'node:stream/consumers';
import type { Translation } from '../client/index.js';
import type { PlannedResult } from './outputs.js';
import { isSkipped, sendRecording, type CommandContext, type Outcome } from './recordings.js';
import type { RecordingFile } from './inputs.js';

/** One request for each target: a text has no segments to share. */
export async function translateTexts(
  context: CommandContext,
  sent: string,
  results: readonly PlannedResult[],
): Promise<Outcome> {
  const { client, options, stdin, signal } = context;
  const text = sent === '-' ? await readText(stdin) : sent;
  const { from: source, prompt, context: help, voice, speechPath } = options;
  const output = speechPath === undefined ? 'text' : 'audio';
  for (const result of results) {
    const { target } = result;
    const answer = await client.translate({
      text,
      source,
      target,
      prompt,
      context: help,
      voice,
      output,
      signal,
    });
    await deliverAnswer(context, 'text', result, answer);
  }
  return 'done';
}

/** A recording with a spoken reply, of at most 240 s, goes as one request: a job speaks none. */
export async function speakRecording(
  context: CommandContext,
  recording: RecordingFile,
  results: readonly PlannedResult[],
): Promise<Outcome> {
  const { client, options, signal, progress } = context;
  const { from: source, to, prompt, context: help, voice, transcript } = options;
  const answer = await sendRecording(context, recording, (file) =>
    client.translate({
      file,
      source,
      target: to[0],
      prompt,
      context: help,
      voice,
      transcript,
      output: 'audio',
      signal,
    }),
  );
  for (const result of results) await deliverAnswer(context, recording.name, result, answer);
  progress.done(recording.name);
  return 'done';
}

async function deliverAnswer(
  context: CommandContext,
  name: string,
  result: PlannedResult,
  { audio, ...answer }: Translation,
): Promise<void> {
  const { options, deliver, progress } = context;
  const { format, speechPath } = options;
  for (const { code, detail } of answer.warnings ?? []) progress.warn(`${name}: ${code}: ${detail}`);
  if (speechPath !== undefined && audio?.base64 !== undefined)
    await deliver(name, { target: result.target, path: speechPath }, Buffer.from(audio.base64, 'base64'));
  // Without the sound, which is in its file.
  const content = format === 'json' ? JSON.stringify(answer, undefined, 2) : answer.text;
  await deliver(name, result, `${content.trimEnd()}\n`);
}

/** @returns whether there is nothing to do. @throws Error if the file of the speech may not be replaced. */
export function isSpeechSkipped({ options }: CommandContext): Promise<boolean> {
  const { speechPath, existing } = options;
  return isSkipped(speechPath === undefined ? [] : [{ target: undefined, path: speechPath }], existing);
}
