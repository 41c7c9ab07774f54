/** Entry point of the page. */
import { createApp } from 'vue';
import App from './App.vue';
import './tokens.css';
import './base.css';
import './conversation/conversation.css';

createApp(App).mount('#app');
