/** A text conversation: connects with the first message, and streams one answer at a time. */
import { computed, ref, shallowRef, watch } from 'vue';
import type { Service } from '../../api/service.js';
import type { AppError } from '../../api/errors.js';
import { Connection, errorFromEvent } from '../../conversation/connection.js';
import type { ServerEvent } from '../../conversation/events.js';
import type { Transcript, Turn } from '../../conversation/transcript.js';
import { AUTO } from '../../language-options.js';
import { newId } from '../../store/item.js';

/** Not shown. `draining` only announces a close, which is shown when it comes; until then the answer continues. */
const IGNORED_ERRORS = new Set(['response_cancel_not_active', 'draining']);

export type ChatOptions = {
  source: string;
  target: string;
  prompt: string;
};

export function useChat(service: Service, transcript: Transcript, options: ChatOptions) {
  const connection = new Connection(service, '/text-chat', onEvent);
  const error = shallowRef<AppError>();
  const answering = ref(false);
  /** A message that has not been sent yet. */
  const pendingMessage = shallowRef<Turn>();
  const stopped = ref(false);
  const busy = computed(() => answering.value || connection.state.value.status === 'connecting');

  watch(connection.state, (state) => {
    if (state.status === 'ready' || state.status === 'connecting') return;
    if (state.status === 'lost') error.value = state.error;
    answering.value = false;
    transcript.closeOpen('all', 'interrupted');
  });
  // Languages and prompt are fixed at the start of a conversation. Another language ends it at once; another prompt, which
  // is typed letter by letter, only with the next message.
  watch([() => options.source, () => options.target], () => {
    connection.close();
  });
  let openedPrompt = options.prompt;

  async function send(text: string): Promise<void> {
    if (busy.value) return;
    if (options.prompt !== openedPrompt) connection.close();
    if (connection.state.value.status !== 'ready') {
      transcript.markBreak();
      const { source, target } = options;
      transcript.languages = {
        source: source === AUTO ? undefined : source,
        target: target === '' ? undefined : target,
      };
    }
    pendingMessage.value = transcript.addMessage(text);
    await sendPending();
  }

  /** Connects if necessary, and sends the pending message. */
  async function sendPending(): Promise<void> {
    error.value = undefined;
    if (connection.state.value.status !== 'ready') {
      openedPrompt = options.prompt;
      await connection.open({ ...options });
    }
    const turn = pendingMessage.value;
    if (connection.state.value.status !== 'ready' || turn === undefined) return;
    pendingMessage.value = undefined;
    answering.value = true;
    stopped.value = false;
    const content = [{ type: 'input_text', text: turn.text }] as const;
    connection.send({
      type: 'conversation.item.create',
      item: { id: newId(), type: 'message', role: 'user', content },
    });
    connection.send({ type: 'response.create' });
  }

  async function reconnect(): Promise<void> {
    if (pendingMessage.value === undefined) transcript.markBreak();
    await sendPending();
  }

  /** Stops the answer where it is; text that is still in transit is not shown. */
  function stop(): void {
    if (!answering.value) {
      connection.close();
      return;
    }
    stopped.value = true;
    connection.send({ type: 'response.cancel' });
    transcript.closeOpen('model', 'interrupted');
  }

  function clear(): void {
    connection.close();
    error.value = undefined;
    pendingMessage.value = undefined;
    transcript.clear();
  }

  function onEvent(event: ServerEvent): void {
    if (event.type === 'response-text' && !stopped.value) {
      transcript.append(transcript.turnOf(event.itemId, 'model'), event.delta);
    } else if (event.type === 'response-done') {
      answering.value = false;
      if (event.status === 'failed') error.value = errorFromEvent(event, service);
      transcript.closeOpen('model', event.status === 'completed' ? 'done' : 'interrupted');
    } else if (event.type === 'error' && !IGNORED_ERRORS.has(event.code)) {
      error.value = errorFromEvent(event, service);
      answering.value = false;
    }
  }

  return { connection, error, busy, answering, pendingMessage, send, stop, clear, reconnect };
}
