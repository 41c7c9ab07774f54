/** Files: films and recordings of any length in, subtitles out. */
import { definePlace } from '../../shell/place.js';

export default definePlace({
  id: 'files',
  name: { en: 'Files', 'zh-Hans': '文件', 'zh-Hant': '檔案' },
  icon: 'M4 5h16v14H4ZM8 5v14M16 5v14M4 9.7h4M4 14.3h4M16 9.7h4M16 14.3h4',
  path: '/files/:job?',
  takesFiles: true,
  component: () => import('./FilesView.vue'),
});
