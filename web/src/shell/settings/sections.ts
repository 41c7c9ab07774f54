/** The sections of the settings, in their order. A new one is a component and its line here. */
import type { Component } from 'vue';
import type { Localized } from '../../i18n/locales.js';
import SoundSettings from '../../components/SoundSettings.vue';
import AboutSection from './AboutSection.vue';
import AppearanceSection from './AppearanceSection.vue';
import InstallSection from './InstallSection.vue';
import KeySection from './KeySection.vue';
import LanguageSection from './LanguageSection.vue';
import ShortcutsSection from './ShortcutsSection.vue';
import StorageSection from './StorageSection.vue';

export interface SettingsSection {
  readonly id: string;
  readonly name: Localized<string>;
  readonly component: Component;
}

export const sections: readonly SettingsSection[] = [
  {
    id: 'language',
    name: { en: 'Language of this page', 'zh-Hans': '界面语言', 'zh-Hant': '介面語言' },
    component: LanguageSection,
  },
  {
    id: 'appearance',
    name: { en: 'Appearance', 'zh-Hans': '外观', 'zh-Hant': '外觀' },
    component: AppearanceSection,
  },
  { id: 'sound', name: { en: 'Sound', 'zh-Hans': '声音', 'zh-Hant': '聲音' }, component: SoundSettings },
  {
    id: 'storage',
    name: { en: 'Kept in this browser', 'zh-Hans': '保存在此浏览器中', 'zh-Hant': '保存在此瀏覽器中' },
    component: StorageSection,
  },
  { id: 'key', name: { en: 'API key', 'zh-Hans': 'API 密钥', 'zh-Hant': 'API 金鑰' }, component: KeySection },
  {
    id: 'shortcuts',
    name: { en: 'Keyboard', 'zh-Hans': '键盘', 'zh-Hant': '鍵盤' },
    component: ShortcutsSection,
  },
  { id: 'install', name: { en: 'Install', 'zh-Hans': '安装', 'zh-Hant': '安裝' }, component: InstallSection },
  {
    id: 'about',
    name: { en: 'For developers', 'zh-Hans': '开发者', 'zh-Hant': '開發者' },
    component: AboutSection,
  },
];
