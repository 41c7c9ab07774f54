/** Random numbers that are the same each time: xorshift of 32 bits. */

/** @returns a function that yields numbers from 0 up to, not including, 1. */
export function seededRandom(seed: number): () => number {
  let state = seed | 0 || 1;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) / 2 ** 32;
  };
}

/** Pink noise, whose power falls by 3 dB an octave as that of a room does (Kellet's filter); of mean power 1. */
export function pinkNoise(seed: number): () => number {
  const random = seededRandom(seed);
  let [b0, b1, b2] = [0, 0, 0];
  return () => {
    const white = random() * 2 - 1;
    b0 = 0.997_65 * b0 + 0.099_046 * white;
    b1 = 0.963 * b1 + 0.296_516_4 * white;
    b2 = 0.57 * b2 + 1.052_691_3 * white;
    return (b0 + b1 + b2 + 0.184_8 * white) * PINK_GAIN;
  };
}

/** Makes the mean power 1; measured. */
const PINK_GAIN = 0.581;

/** White noise of mean power 1. */
export function whiteNoise(seed: number): () => number {
  const random = seededRandom(seed);
  return () => (random() * 2 - 1) * Math.sqrt(3);
}
