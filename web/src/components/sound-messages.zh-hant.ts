/** The words of SoundSettings, in traditional Chinese. */
import { defineTranslation } from '../i18n/define-messages.js';
import type { messages } from './sound-messages.js';

export default defineTranslation<typeof messages>('sound', {
  microphone: '麥克風',
  loudspeaker: '喇叭',
  systemDefault: '系統預設',
  unnamed: (number) => `裝置 ${number}`,
  testMicrophone: '測試麥克風',
  endTest: '結束測試',
  level: '麥克風音量',
  testLoudspeaker: '播放測試音',
  noiseSuppression: '抑制雜訊',
  echoCancellation: '消除喇叭回音',
  autoGainControl: '自動調整音量',
  volume: '音量',
  speed: '播放速度',
  noChoice: '此瀏覽器不允許頁面選擇喇叭。',
});
