/** Entry point of the page. */
import { createApp } from 'vue';
import { createPageRouter } from './shell/router.js';
import App from './shell/App.vue';
import './tokens.css';
import './base.css';
import './conversation/conversation.css';

createApp(App).use(createPageRouter()).mount('#app');
