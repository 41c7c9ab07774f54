/** Chat: a conversation in writing. */
import { definePlace } from '../../shell/place.js';

export default definePlace({
  id: 'chat',
  name: { en: 'Chat', 'zh-Hans': '聊天', 'zh-Hant': '聊天' },
  icon: 'text',
  component: () => import('./ChatView.vue'),
});
