/** The words of SoundSettings. */
import { defineMessages } from '../i18n/define-messages.js';

export const messages = defineMessages('sound', {
  microphone: 'Microphone',
  loudspeaker: 'Loudspeaker',
  systemDefault: 'System default',
  unnamed: (number: number) => `Device ${number}`,
  testMicrophone: 'Test the microphone',
  endTest: 'End the test',
  level: 'Level of the microphone',
  testLoudspeaker: 'Play a test sound',
  noiseSuppression: 'Suppress noise',
  echoCancellation: 'Cancel the echo of the loudspeaker',
  autoGainControl: 'Even out the loudness',
  volume: 'Volume',
  speed: 'Speed of what is heard',
  noChoice: 'This browser does not let a page choose the loudspeaker.',
});
