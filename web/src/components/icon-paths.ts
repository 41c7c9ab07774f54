/** The icons of the page: lines on a 24 px grid. */

export const ICON_PATHS = {
  microphone: 'M12 3a3 3 0 0 0-3 3v5a3 3 0 0 0 6 0V6a3 3 0 0 0-3-3ZM6 11a6 6 0 0 0 12 0M12 17v4',
  muted:
    'M15 10V6a3 3 0 0 0-5.7-1.3M9 9v2a3 3 0 0 0 4.5 2.6M6 11a6 6 0 0 0 9.6 4.8M18 11a6 6 0 0 1-.4 2M12 17v4M4 4l16 16',
  phone:
    'M6.5 4h2.6l1.6 4.2-2 1.5a12 12 0 0 0 5.6 5.6l1.5-2 4.2 1.6v2.6a2 2 0 0 1-2.2 2A16.5 16.5 0 0 1 4.5 6.2 2 2 0 0 1 6.5 4Z',
  file: 'M7 3h7l4 4v14H7ZM14 3v4h4M10 15.5v-1M12.5 17v-4M15 15.5v-1',
  text: 'M5 6h14M5 12h14M5 18h8',
  swap: 'M4 9h15l-4-4M20 15H5l4 4',
  play: 'M8 5v14l11-7Z',
  pause: 'M8 6v12M16 6v12',
  stop: 'M7 7h10v10H7Z',
  fullScreen: 'M4 9V4h5M20 9V4h-5M4 15v5h5M20 15v5h-5',
  download: 'M12 4v11M7 11l5 5 5-5M5 20h14',
  copy: 'M9 9h11v11H9ZM15 5H4v11h1',
  check: 'M5 13l4.5 4.5L19 8',
  close: 'M6 6l12 12M18 6 6 18',
  again: 'M19 12a7 7 0 1 1-2-5l2 2M19 4v5h-5',
  send: 'M12 20V5M6 11l6-6 6 6',
  auto: 'M12 4a8 8 0 1 0 0 16ZM12 4a8 8 0 0 1 0 16',
  light:
    'M12 8a4 4 0 1 0 0 8 4 4 0 0 0 0-8ZM12 2v2M12 20v2M2 12h2M20 12h2M5 5l1.4 1.4M17.6 17.6 19 19M19 5l-1.4 1.4M6.4 17.6 5 19',
  dark: 'M20 14.5A8 8 0 0 1 9.5 4a8 8 0 1 0 10.5 10.5Z',
  volume: 'M4 10v4h3l5 4V6l-5 4ZM16 9a4 4 0 0 1 0 6M18.5 6.5a8 8 0 0 1 0 11',
  pin: 'M9 3h6l-1 7 3 3v2H7v-2l3-3ZM12 15v6',
  share: 'M12 15V4M8 8l4-4 4 4M6 12v8h12v-8',
  code: 'M9 7l-5 5 5 5M15 7l5 5-5 5',
  search: 'M11 4a7 7 0 1 0 0 14 7 7 0 0 0 0-14ZM16 16l4.5 4.5',
  history: 'M4 12a8 8 0 1 1 2.5 5.8M4 18v-4h4M12 8v4l3 2',
  more: 'M5 12h.01M12 12h.01M19 12h.01',
  globe: 'M12 3a9 9 0 1 0 0 18 9 9 0 0 0 0-18ZM3 12h18M12 3c5 5 5 13 0 18M12 3c-5 5-5 13 0 18',
  settings: 'M4 7h10M18 7h2M4 17h2M10 17h10M16 5v4M8 15v4',
  info: 'M12 3a9 9 0 1 0 0 18 9 9 0 0 0 0-18ZM12 11v5M12 8v.01',
  alert: 'M12 4 2.5 20h19ZM12 10v4M12 17v.01',
} as const;

export type IconName = keyof typeof ICON_PATHS;
/** A line of its own, for an icon that only one place uses. */
export type IconPath = `M${string}`;
