/** The words of the settings, in simplified Chinese. */
import { defineTranslation } from '../../i18n/define-messages.js';
import type { messages } from './messages.js';

export default defineTranslation<typeof messages>('settings', {
  usage: (count, size, bound) => `${count} 条记录，音频 ${size}，上限 ${bound}。`,
  films: (size) => `“文件”中的影片和录音：${size}，空间允许时保留。`,
  pinnedStay: '已置顶的记录不会删除。音频空间不足时删除最早的音频，其文字保留。',
  keepFor: '保留记录',
  days: (days) => (days === 0 ? '直到您清除' : `${days} 天`),
  keepAudio: '音频空间',
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
});
