/** The words of SoundSettings, in simplified Chinese. */
import { defineTranslation } from '../i18n/define-messages.js';
import type { messages } from './sound-messages.js';

export default defineTranslation<typeof messages>('sound', {
  microphone: '麦克风',
  loudspeaker: '扬声器',
  systemDefault: '系统默认',
  unnamed: (number) => `设备 ${number}`,
  testMicrophone: '测试麦克风',
  endTest: '结束测试',
  level: '麦克风音量',
  testLoudspeaker: '播放测试音',
  noiseSuppression: '抑制噪声',
  echoCancellation: '消除扬声器回声',
  autoGainControl: '自动调节音量',
  volume: '音量',
  speed: '播放速度',
  noChoice: '此浏览器不允许页面选择扬声器。',
});
