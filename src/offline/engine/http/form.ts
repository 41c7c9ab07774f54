/** How one kind of translator is asked, as data: a chat model by templates, another service by its body and its answer. */
import type { FormName } from '../../../providers/cascade.js';

/** What a request is made of. Tags are BCP 47, names are those of the languages in English. */
export interface FormSlots {
  readonly text: string;
  readonly source: string | undefined;
  readonly target: string | undefined;
  readonly prompt: string;
  readonly context: string;
}

interface FormBase {
  readonly name: FormName;
  /** Lower-case names of models for which `auto` takes this form. */
  readonly models?: RegExp;
  /** The languages that must be known. */
  readonly needs: readonly ('source' | 'target')[];
}

/**
 * Templates for `POST {url}/chat/completions`. Their placeholders: `{source}` `{target}` names in English, `{sourceCode}`
 * `{targetCode}` tags, `{targetInChinese}`, `{text}`, `{prompt}`, `{context}`, `{open}` and `{close}` the markers of the text.
 */
export interface ChatForm extends FormBase {
  readonly kind: 'chat';
  /** Paragraphs of the system message; one whose placeholder is empty is left out. Absent: there is no system message. */
  readonly system?: readonly string[];
  /** The one user message. A variant is taken where its condition holds, the more particular one first. */
  readonly user: {
    readonly plain: string;
    readonly withContext?: string;
    readonly withChinese?: string;
  };
  /** Models that translate the context, too, and therefore get none. */
  readonly withoutContext?: RegExp;
  /** Templates of what ends the answer. */
  readonly stop: readonly string[];
  /** Templates of what is removed from the beginning of the answer. */
  readonly leading: readonly string[];
  readonly temperature: number;
  /** Added to one token for each character of the text. */
  readonly spareTokens: number;
}

/** A translation service with an API of its own. */
export interface ServiceForm extends FormBase {
  readonly kind: 'service';
  /** Of the endpoint, below the base address. */
  readonly path: string;
  /** Answers which languages there are, below the base address. */
  readonly languagesPath?: string;
  /** The header of the key; absent: the key stands in the body. */
  readonly authorization?: (key: string) => string;
  readonly body: (slots: FormSlots, key: string | undefined) => object;
  /** Reads the answer. @returns undefined where it is none; `language` as the service names what it detected */
  readonly read: (answer: unknown) => { text: string; language: string | undefined } | undefined;
  /** Reads the list of languages. */
  readonly readLanguages?: (answer: unknown) => { source: string; targets: string[] }[] | undefined;
}

export type TranslationForm = ChatForm | ServiceForm;
