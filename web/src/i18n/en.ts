/** The English messages. Their type is the reference: a language that lacks one of them does not compile. */
import type { AppErrorCode } from '../api/errors.js';

export const en = {
  title: 'Realtime Translation',
  places: 'Pages',
  skip: 'Skip to content',
  settings: 'Settings',
  morePlaces: 'More',
  reload: 'Reload',
  close: 'Close',
  showShortcuts: 'Show the keyboard shortcuts',
  dropFor: (place: string) => `Drop the files to open them in ${place}`,
  listSeparator: ', ',
  engine: {
    about: 'About the engine',
    offline: 'Offline',
    offlineLong: 'Offline engine',
    providers: {
      openai: 'OpenAI',
      azure: 'Azure OpenAI',
      cascade: 'Own models',
      compatible: 'Own server',
    } as Readonly<Record<string, string>>,
    languages: (count: number) => `${count} languages`,
    anyLanguage: 'any language',
    only: (languages: string) => `Its languages: ${languages}.`,
    any: 'It takes any language that the model knows.',
    staysHere: 'What you say and type goes to this service and no further.',
    sentTo: (provider: string) =>
      `This service sends what you say and type to ${provider}, which translates it.`,
    history: 'The history stays in this browser until you clear it.',
    moreLanguages:
      'The engine has these languages installed. With models of its own, or a key of OpenAI or Azure, the operator of this service can offer all others.',
    steps: 'What answers each step',
    parts: { stt: 'Hears', translator: 'Translates', tts: 'Speaks' },
    builtIn: 'built in',
    server: 'own server',
    sentToServers: 'This service sends what you say and type to the servers that its operator has set.',
    hears: (languages: string) => `It understands speech in ${languages} only.`,
    isolation: {
      inline: 'Each request is sent whole: the server takes no references between its items.',
      sweep: 'The conversation on the server is emptied after each request, so requests take turns.',
      fresh: 'Each request gets a connection of its own, so its first word takes longer.',
    },
    concurrent: (count: number) =>
      count === 1
        ? 'One translation runs at a time; more wait.'
        : `Up to ${count} translations run at a time; more wait.`,
    docs: 'API documentation',
  },

  noSpeech: 'This service cannot hear recordings. Type the text instead.',

  from: 'From',
  to: 'To',
  swap: 'Swap languages',
  detect: 'Detect',
  anyLanguage: 'No translation',
  serviceDefault: 'Service default',
  voiceOf: 'Voice',
  prompt: 'Prompt',
  promptInUse: 'prompt in use',
  promptOptional: 'Optional. Replaces the languages above as instructions to the model.',
  more: 'More options',

  you: 'You',
  model: 'Model',
  interrupted: 'interrupted',
  newConversation: 'New conversation: the model does not know the messages above',
  connection: {
    closed: 'Not connected',
    connecting: 'Connecting…',
    ready: 'Connected',
    lost: 'Connection lost',
  },
  send: 'Send',
  copy: 'Copy',
  copied: 'Copied',
  remove: 'Remove',
  stop: 'Stop',
  again: 'Try again',
  reconnect: 'Reconnect',
  dismiss: 'Dismiss',
  history: 'History',
  exportText: 'Export as text',
  exportJson: 'Export as JSON',
  clear: 'Clear',
  confirmClear: 'Clear everything here?',
  cancel: 'Cancel',
  retryIn: (seconds: number) => `Wait ${seconds} s before trying again.`,
  detail: 'The service says:',

  key: {
    heading: 'API key',
    ask: 'This service requires a key. It is kept in this tab until you close it.',
    wrong: 'That key was not accepted. Check it and try again.',
    field: 'Key',
    use: 'Use this key',
  },

  errors: {
    offline: 'This device is offline. Check its network, then try again.',
    unreachable: 'The service cannot be reached. Check that it is running, then try again.',
    'place-not-loaded': 'This part of the page could not be loaded. Reload the page.',
    'connection-lost': 'The connection was lost. Check your network, then reconnect.',
    'conversation-refused':
      'The service refused the conversation; perhaps too many are running. Try again in a moment.',
    'conversation-ended': 'The service ended the conversation. Reconnect to start another.',
    'network-slow': 'Your network is too slow for the call: part of what you said was not sent.',
    'microphone-missing': 'No microphone was found. Connect one, or type instead.',
    'microphone-refused':
      'The microphone is blocked. Allow it in the address bar, then try again, or type instead.',
    'microphone-insecure':
      'Browsers allow the microphone on secure pages only. Open this page over https or on localhost.',
    'microphone-busy': 'Another program is using the microphone. Close it, then try again.',
    'microphone-lost': 'The microphone was disconnected. Connect it, then start again.',
    'microphone-held': 'Another part of this page is using the microphone. End it there, then try again.',
    'recording-too-short': 'The recording is too short. Speak, then press stop.',
    'speech-not-understood':
      'This service does not understand speech in this language. Choose another, or type.',
    'playback-failed': 'The browser cannot play this recording. Download it instead.',
    'output-lost': 'The loudspeaker that was chosen is gone. You hear the default one of this device now.',
    'output-missing':
      'Nothing can be heard: the browser finds no loudspeaker. Connect one, then play it again.',
    'sound-missing': 'The sound is no longer kept in this browser.',
    'browser-storage-full':
      'This browser has no room left: the newest entries last only until you leave the page. Remove some, or save them.',
    'storage-unavailable':
      'This browser does not let the page keep anything: entries last only until you leave the page.',
    'storage-blocked':
      'Another tab runs an older version of this page. Close it, and what you do here is kept.',
    'storage-outdated':
      'Another tab runs a newer version of this page. Reload this one, or nothing more is kept here.',
    unknown: 'An unexpected error occurred. Try again.',
    'invalid-request': 'The service did not accept the request. Check what you entered.',
    unauthorized: 'A valid key is needed. Try again and enter it.',
    forbidden: 'This page may not use the service. Open it from the service’s own address.',
    'session-not-found': 'The session has ended. Try again to start a new one.',
    'job-not-found': 'This job is gone: it was deleted, or its time is over.',
    'job-not-finished': 'The job has not ended yet. Try again later.',
    'job-limit': 'You have as many jobs as the service keeps. Delete one that you do not need.',
    'not-found': 'The service does not know this request. Reload the page.',
    'method-not-allowed': 'The service does not know this request. Reload the page.',
    'request-timeout': 'The upload took too long. Check your network, then try again.',
    'session-conflict': 'The session was created with other languages. Start a new session.',
    'session-closed': 'The session was closed. Try again to start a new one.',
    'payload-too-large': 'That is too much at once. Send a shorter text or a smaller file.',
    'audio-too-long': 'The recording is too long. Send it in shorter pieces.',
    'unsupported-media-type': 'This file is not a recording that the service can read. Choose an audio file.',
    'undecodable-audio': 'The recording cannot be decoded. Save it again, as WAV or MP3, and retry.',
    'empty-audio': 'The recording is empty. Record again.',
    'unsupported-language': 'These languages are not available here. Choose another pair.',
    'content-filtered': 'The model declined to answer this.',
    'rate-limited': 'Too many requests at once. Wait a little, then try again.',
    'session-limit': 'The service cannot hold another session at the moment. Try again later.',
    internal: 'The service failed. Try again; if the error persists, report the number below.',
    'upstream-unavailable': 'The translation engine does not answer. Try again in a moment.',
    'upstream-rejected':
      'The translation engine refused the request. The operator of this service should check its log.',
    'translation-incomplete': 'The translation broke off. Try again.',
    'pool-saturated': 'The service is busy. Try again in a moment.',
    'upstream-rate-limited': 'The translation engine has reached its rate limit. Try again a little later.',
    draining: 'The service is restarting. Try again in a few seconds.',
    'store-unavailable': 'The service cannot reach its session store. Try again in a moment.',
    'offline-engine-missing':
      'A part of the offline engine is not installed. The operator of this service can install it.',
    'storage-full': 'The server has no space left for this recording. Try again later.',
    'upstream-timeout': 'The translation engine took too long. Try again.',
  } satisfies Record<AppErrorCode, string>,
};

export type Messages = typeof en;
