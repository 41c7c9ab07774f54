/** The weight of each channel in a mono mix, by the position of its loudspeaker. */

/** ffmpeg's filters do not accept more. */
export const MAX_CHANNELS = 64;

/** By the bits of `dwChannelMask`, the lowest first: the gains of ITU-R BS.775, but 1 for the subwoofer. */
const POSITIONS: readonly number[] = [
  Math.SQRT1_2, // front left
  Math.SQRT1_2, // front right
  1, // front centre
  1, // subwoofer
  0.5, // back left
  0.5, // back right
  Math.SQRT1_2, // left of centre
  Math.SQRT1_2, // right of centre
  0.5, // back centre
  0.5, // side left
  0.5, // side right
];

/** The usual layouts by the number of channels: mono, stereo, 2.1, 4.0, 5.0, 5.1, 6.1, 7.1. */
const USUAL_MASKS: readonly number[] = [0, 0x4, 0x3, 0xb, 0x107, 0x37, 0x3f, 0x70f, 0x63f];

/**
 * @param channelMask as in WAV; ignored if it does not match the number of channels.
 * @returns weights that sum to 1, so that nothing clips: those of ffmpeg, or equal ones for layouts without a name.
 */
export function mixWeights(channels: number, channelMask: number): number[] {
  const known = weightsOf(channelMask);
  const weights = known.length === channels ? known : weightsOf(USUAL_MASKS[channels] ?? 0);
  const used = weights.length === channels ? weights : Array<number>(channels).fill(1);
  const sum = used.reduce((total, weight) => total + weight, 0);
  return used.map((weight) => weight / sum);
}

/** @returns an empty array when the mask has an unknown position. */
function weightsOf(channelMask: number): number[] {
  if (channelMask >= 1 << POSITIONS.length) return [];
  return POSITIONS.filter((_, bit) => (channelMask & (1 << bit)) !== 0);
}
