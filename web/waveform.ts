/** The height of the player's waveform. Its style names the height, and is allowed by its hash (style-hashes.ts). */
export const WAVEFORM_HEIGHT_PX = 64;
