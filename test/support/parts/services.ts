/** Imitations of translation services: LibreTranslate 39429cbe (libretranslate/app.py), and DeepL by its API reference. */
import { PartServer, sendJson, type PartCall } from './part-server.js';

const LIBRE_LANGUAGES = ['en', 'es', 'de', 'pt-BR', 'zh-Hans', 'zh-Hant'];

function jsonOf({ body }: PartCall): unknown {
  return JSON.parse(body.toString());
}

/** Flask writes its keys in order, with a line feed at the end; the key stands in the body. */
export function startLibreTranslate(key?: string): Promise<PartServer> {
  return PartServer.start('', (call, res) => {
    res.setHeader('Access-Control-Allow-Origin', '*');
    if (call.path === '/languages') {
      const list = LIBRE_LANGUAGES.map((code) => ({ code, name: code, targets: LIBRE_LANGUAGES }));
      sendJson(res, `${JSON.stringify(list)}\n`);
      return;
    }
    if (call.path !== '/translate') {
      res
        .writeHead(404, { 'Content-Type': 'text/html; charset=utf-8' })
        .end('<!doctype html>\n<title>404 Not Found</title>\n');
      return;
    }
    const asked = jsonOf(call) as {
      q?: string;
      source?: string;
      target?: string;
      format?: string;
      api_key?: string;
    };
    const fail = (status: number, error: string): void => {
      sendJson(res, `${JSON.stringify({ error })}\n`, status);
    };
    if (key !== undefined && asked.api_key !== key) {
      fail(403, 'Invalid API key');
      return;
    }
    const wrong = [asked.source, asked.target].find(
      (code) =>
        code !== 'auto' && !LIBRE_LANGUAGES.some((each) => each.toLowerCase() === code?.toLowerCase()),
    );
    if (asked.q === undefined || asked.q === '') fail(400, 'Invalid request: missing q parameter');
    else if (wrong !== undefined) fail(400, `${wrong} is not supported`);
    else {
      const detectedLanguage = asked.source === 'auto' ? { confidence: 92, language: 'de' } : undefined;
      const translatedText = `${asked.target ?? ''}: ${asked.q.toUpperCase()}`;
      sendJson(res, `${JSON.stringify({ ...(detectedLanguage && { detectedLanguage }), translatedText })}\n`);
    }
  });
}

/** Refuses `EN` and `PT` as targets without a region, and small letters. */
export function startDeepl(key: string): Promise<PartServer> {
  const targets = ['EN-US', 'EN-GB', 'PT-BR', 'PT-PT', 'ES', 'DE', 'FR', 'ZH-HANS', 'ZH-HANT'];
  return PartServer.start('/v2/translate', (call, res) => {
    if (call.headers.authorization !== `DeepL-Auth-Key ${key}`) {
      res.writeHead(403).end();
      return;
    }
    const asked = jsonOf(call) as {
      text: string[];
      source_lang?: string;
      target_lang?: string;
      context?: string;
    };
    if (!targets.includes(asked.target_lang ?? '')) {
      sendJson(res, '{"message":"Value for \'target_lang\' not supported."}', 400);
      return;
    }
    const context = asked.context === undefined ? '' : ` (${asked.context})`;
    const translations = asked.text.map((text) => ({
      detected_source_language: asked.source_lang ?? 'FR',
      text: `${asked.target_lang ?? ''}: ${text.toUpperCase()}${context}`,
    }));
    sendJson(res, JSON.stringify({ translations }));
  });
}
