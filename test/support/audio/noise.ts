/** Reproducible noise. */

/** Reproducible numbers from 0 to 1. */
export function randomNumbers(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}

/** PCM16LE samples of full scale. */
export function noise(bytes: number, seed = 1): Buffer {
  const random = randomNumbers(seed);
  const samples = Buffer.alloc(bytes);
  for (let at = 0; at + 1 < bytes; at += 2) samples.writeInt16LE(Math.floor((random() - 0.5) * 65_536), at);
  return samples;
}
