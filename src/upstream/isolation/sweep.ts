/**
 * One request at a time in the default conversation: its items are created there under ids of our own, answered, and
 * every item, the answer's too, is deleted before the next request (`sweep`), or the socket is closed (`fresh`, for servers
 * that delete nothing). For servers that know no other conversation.
 */
import type { ClientEvent, Item, SessionSettings } from '../../wire/index.js';
import type { Dialect } from '../../wire/index.js';
import type { UpstreamRequest } from '../pending-response.js';
import { foreignSettings, FAULT_GRACE_MS } from './foreign-session.js';
import type { Isolation } from './isolation.js';
import { OneAtATime } from './one-at-a-time.js';
import { contextItems, questionItems, type ExchangePlan, type SpeechHabit } from './plan.js';

/** Resamples PCM16 mono. */
export type Resample = (pcm: Buffer, fromHz: number, toHz: number) => Buffer;

const PCM_HZ = 24_000;
/** What speech recognition works with: LocalAI takes committed sound for it whatever rate was declared. */
const SPEECH_HZ = 16_000;
const BYTES_PER_SAMPLE = 2;
/** Servers refuse to commit less. */
const MIN_COMMIT_MS = 100;
/** 4 MiB of base64; LocalAI closes a socket on frames of more than 10 MiB. */
const APPEND_BYTES = 3 * 1024 * 1024;

export function createSweep(level: 'sweep' | 'fresh', resample: Resample): Isolation {
  const deletesItems = level === 'sweep';
  const habit: SpeechHabit = { answersByItself: undefined };
  const plan = createPlan(resample, deletesItems);
  return {
    level,
    servesOnce: !deletesItems,
    faultGraceMs: FAULT_GRACE_MS,
    capacity: () => 1,
    hearsRecordings: () => true,
    settings: sweptSettings,
    fallback: sweptFallback,
    conversationSettings: sweptConversation,
    createRouter: (setup) => new OneAtATime(setup, plan, habitOf(habit, setup.dialect)),
  };
}

/** A server whose turn detection could not be switched off was told not to answer. */
function habitOf(habit: SpeechHabit, { mutedTurnDetection }: Dialect): SpeechHabit {
  if (mutedTurnDetection?.createResponse === false) habit.answersByItself ??= false;
  return habit;
}

/** The rate of speech recognition is declared where a session can declare one. */
function sweptSettings(asked: SessionSettings, dialect: Dialect): SessionSettings {
  const settings = foreignSettings(asked, dialect);
  return dialect.declaresRate ? { ...settings, inputRate: SPEECH_HZ } : settings;
}

/** A server that refuses that rate is sent the usual one. */
function sweptFallback(asked: SessionSettings, dialect: Dialect): SessionSettings | undefined {
  return dialect.declaresRate ? foreignSettings(asked, dialect) : undefined;
}

/** These servers transcribe with what they are configured with; another model's name would take that from them. */
function sweptConversation(asked: SessionSettings, dialect: Dialect): SessionSettings {
  const { transcription, ...settings } = foreignSettings(asked, dialect);
  const { language } = transcription ?? {};
  return { ...settings, ...(language !== undefined && { transcription: { language } }) };
}

function createPlan(resample: Resample, deletesItems: boolean): ExchangePlan {
  return {
    opening: (request, requestId, { inputRate = PCM_HZ }) => {
      const { question } = request;
      const isCommitted = 'pcm' in question;
      const sound = isCommitted
        ? soundEvents(resample(question.pcm, PCM_HZ, inputRate), inputRate, requestId)
        : [];
      const before = [...sessionEvents(request, requestId), ...questionEvents(request, requestId)];
      return { events: [...before, ...sound], isCommitted };
    },
    response: ({ prompt, output }) => ({ instructions: prompt, output }),
    leavesItems: true,
    deletesItems,
  };
}

/** A voice belongs to the session. What a server says by itself follows the session in everything else, too. */
function sessionEvents(
  { question, prompt, output, voice }: UpstreamRequest,
  requestId: string,
): ClientEvent[] {
  const spoken = output === 'audio' && voice !== undefined ? { voice } : {};
  const session: SessionSettings = 'pcm' in question ? { instructions: prompt, output, ...spoken } : spoken;
  if (Object.keys(session).length === 0) return [];
  return [{ type: 'session.configure', eventId: `${requestId}_session`, session }];
}

function questionEvents(request: UpstreamRequest, requestId: string): ClientEvent[] {
  const items = 'text' in request.question ? questionItems(request) : contextItems(request.context);
  return items.map((item: Item, index) => {
    const id = `${requestId}_${index}`;
    return { type: 'item.create', eventId: id, item: { ...item, id } };
  });
}

function soundEvents(pcm: Buffer, hz: number, requestId: string): ClientEvent[] {
  const minBytes = (MIN_COMMIT_MS * hz * BYTES_PER_SAMPLE) / 1_000;
  const sound = pcm.length < minBytes ? Buffer.concat([pcm, Buffer.alloc(minBytes - pcm.length)]) : pcm;
  const events: ClientEvent[] = [];
  for (let at = 0; at < sound.length; at += APPEND_BYTES) {
    const audio = sound.subarray(at, at + APPEND_BYTES);
    events.push({ type: 'buffer.append', eventId: `${requestId}_append`, audio });
  }
  events.push({ type: 'buffer.commit', eventId: `${requestId}_commit` });
  return events;
}
