/** The words of the settings. */
import { defineMessages } from '../../i18n/define-messages.js';

export const messages = defineMessages({
  en: {
    theme: { auto: 'System', light: 'Light', dark: 'Dark' },
    noKey: 'No key is kept. The page asks for one when the service requires it.',
    keptKey: (end: string) => `The key that ends in ${end} is kept in this tab until you close it.`,
    changeKey: 'Change the key',
    forgetKey: 'Forget the key',
    newKey: 'New key',
    saveKey: 'Save',
    space: 'Space',
    installHint: 'Opens the page in a window of its own, with an icon among your programs.',
    install: 'Install this page',
    installed: 'You are using the installed page.',
    installByBrowser:
      'This browser installs pages from its own menu, if at all: “Install” or “Add to Home Screen”. A page that is not on https cannot be installed.',
    aboutHint: 'Everything that this page does can be done by a program.',
    docs: 'API documentation',
  },
  'zh-Hans': {
    theme: { auto: '跟随系统', light: '浅色', dark: '深色' },
    noKey: '没有保存密钥。服务需要密钥时，本页会请您输入。',
    keptKey: (end) => `以 ${end} 结尾的密钥保存在本标签页中，关闭后即被忘记。`,
    changeKey: '更换密钥',
    forgetKey: '忘记密钥',
    newKey: '新密钥',
    saveKey: '保存',
    space: '空格键',
    installHint: '在独立窗口中打开本页，并在程序列表中显示图标。',
    install: '安装本页',
    installed: '您正在使用已安装的页面。',
    installByBrowser:
      '此浏览器只能从其菜单安装页面（如果支持）：“安装”或“添加到主屏幕”。未使用 https 的页面无法安装。',
    aboutHint: '本页能做的一切，程序也能做。',
    docs: 'API 文档',
  },
  'zh-Hant': {
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
  },
});
