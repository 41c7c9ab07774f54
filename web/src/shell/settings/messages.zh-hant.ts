/** The words of the settings, in traditional Chinese. */
import { defineTranslation } from '../../i18n/define-messages.js';
import type { messages } from './messages.js';

export default defineTranslation<typeof messages>('settings', {
  usage: (count, size, bound) => `${count} 筆記錄，音訊 ${size}，上限 ${bound}。`,
  films: (size) => `「檔案」中的影片和錄音：${size}，空間允許時保留。`,
  pinnedStay: '已釘選的記錄不會刪除。音訊空間不足時刪除最早的音訊，其文字保留。',
  keepFor: '保留記錄',
  days: (days) => (days === 0 ? '直到您清除' : `${days} 天`),
  keepAudio: '音訊空間',
  theme: { auto: '跟隨系統', light: '淺色', dark: '深色' },
  noKey: '沒有保存金鑰。服務需要金鑰時，本頁會請您輸入。',
  keptKey: (end) => `以 ${end} 結尾的金鑰保存在本分頁中，關閉後即被遺忘。`,
  changeKey: '更換金鑰',
  forgetKey: '忘記金鑰',
  newKey: '新金鑰',
  saveKey: '儲存',
  space: '空白鍵',
  installHint: '在獨立視窗中開啟本頁，並在程式列表中顯示圖示。',
  install: '安裝本頁',
  installed: '您正在使用已安裝的頁面。',
  installByBrowser:
    '此瀏覽器只能從其選單安裝頁面（如果支援）：「安裝」或「加入主畫面」。未使用 https 的頁面無法安裝。',
  aboutHint: '本頁能做的一切，程式也能做。',
  docs: 'API 文件',
});
