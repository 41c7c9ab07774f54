/** A conversation in writing: connected with the first message, one answer at a time, streamed as it comes. */
import { computed, ref, shallowRef, watch } from 'vue';
import type { Service } from '../api/service.js';
import type { Trouble } from '../api/trouble.js';
import { Connection, troubleOf } from '../conversation/connection.js';
import type { ServerEvent } from '../conversation/events.js';
import type { Transcript, Turn } from '../conversation/transcript.js';
import { newId } from '../store/history.js';

/** `draining` announces an end that is told when it comes; the answer that runs goes on. */
const HARMLESS = new Set(['response_cancel_not_active', 'draining']);

export type ChatChoices = {
  source: string;
  target: string;
  prompt: string;
};

export function useChat(service: Service, transcript: Transcript, choices: ChatChoices) {
  const connection = new Connection(service, '/text-chat', hear);
  const trouble = shallowRef<Trouble>();
  const answering = ref(false);
  /** Said, but not yet sent. */
  const unsent = shallowRef<Turn>();
  const stopped = ref(false);
  const busy = computed(() => answering.value || connection.state.value.at === 'connecting');

  watch(connection.state, (state) => {
    if (state.at === 'ready' || state.at === 'connecting') return;
    if (state.at === 'lost') trouble.value = state.trouble;
    answering.value = false;
    transcript.settle('anyone', 'interrupted');
  });
  // Prompt and language shape a conversation from its start; with others, another begins.
  watch(choices, () => {
    connection.close();
  });

  async function send(text: string): Promise<void> {
    if (busy.value) return;
    if (connection.state.value.at !== 'ready') transcript.markBreak();
    unsent.value = transcript.say(text);
    await deliver();
  }

  /** Connects where there is no connection, and sends what waits. */
  async function deliver(): Promise<void> {
    trouble.value = undefined;
    if (connection.state.value.at !== 'ready') await connection.open({ ...choices });
    const turn = unsent.value;
    if (connection.state.value.at !== 'ready' || turn === undefined) return;
    unsent.value = undefined;
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
    if (unsent.value === undefined) transcript.markBreak();
    await deliver();
  }

  /** Ends the answer where it is; what is still on its way is not shown. */
  function stop(): void {
    if (!answering.value) {
      connection.close();
      return;
    }
    stopped.value = true;
    connection.send({ type: 'response.cancel' });
    transcript.settle('model', 'interrupted');
  }

  async function clear(): Promise<void> {
    connection.close();
    trouble.value = undefined;
    unsent.value = undefined;
    await transcript.clear();
  }

  function hear(event: ServerEvent): void {
    if (event.type === 'reply-text' && !stopped.value) {
      transcript.turn(event.itemId, 'model').text += event.delta;
    } else if (event.type === 'reply-done') {
      answering.value = false;
      if (event.status === 'failed') trouble.value = troubleOf(event, service);
      transcript.settle('model', event.status === 'completed' ? 'done' : 'interrupted');
    } else if (event.type === 'error' && !HARMLESS.has(event.code)) {
      trouble.value = troubleOf(event, service);
      answering.value = false;
    }
  }

  return { connection, trouble, busy, answering, unsent, send, stop, clear, reconnect };
}
