/** The scripted upstream as a process of its own: answers at once, keeps no record. */
import { Script } from '../src/offline/script.js';
import { startOfflineServer } from '../src/offline/server.js';

const script = new Script({ record: false, answer: () => 'El tiempo es bello hoy.' });
const server = await startOfflineServer({ dialect: 'ga', responder: script, script });
process.send?.(server.url);
