/** Entry point of the page. */
import { createApp } from 'vue';
import { createI18n } from './i18n/index.js';
import { createPageRouter } from './shell/router.js';
import App from './shell/App.vue';
import './tokens.css';
import './base.css';
import './conversation/conversation.css';

void createI18n().then((i18n) => createApp(App, { i18n }).use(createPageRouter()).mount('#app'));
