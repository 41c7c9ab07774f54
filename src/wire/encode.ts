/** Encodes frames that carry recordings, whose base64 is all but a few bytes of them. */
import { AUDIO_HOLE, base64Length, writeSamplesInto, type WriteAudio } from './shared/samples.js';

const HOLE = JSON.stringify({ audio: AUDIO_HOLE }).slice(1, -1);
const BEFORE_SAMPLES = '"audio":"';

/**
 * JSON of an event, as bytes if it carries recordings. Base64 has nothing that JSON escapes, so recordings are not handed
 * to `JSON.stringify`, which would look at every character: `write` leaves a hole for each, and they are encoded into the
 * bytes of the frame, since a string would be encoded once more on its way to the socket.
 *
 * A hole cannot be confused with anything else: no string in any field can make one, because `null` is not a string's
 * value and the quotes within a string are escaped, and no codec writes null under this key.
 */
export function encodeFrame(write: (writeAudio: WriteAudio) => object): string | Buffer {
  const recordings: Buffer[] = [];
  const json = JSON.stringify(
    write((samples) => {
      recordings.push(samples);
      return AUDIO_HOLE;
    }),
  );
  return recordings.length === 0 ? json : fillHoles(json.split(HOLE), recordings);
}

/** @param pieces of JSON, with a recording between each two */
function fillHoles(pieces: readonly string[], recordings: readonly Buffer[]): Buffer {
  const textBytes = pieces.reduce((bytes, piece) => bytes + Buffer.byteLength(piece), 0);
  const frame = Buffer.allocUnsafe(
    recordings.reduce((bytes, each) => bytes + BEFORE_SAMPLES.length + base64Length(each) + 1, textBytes),
  );
  let at = frame.write(pieces[0] ?? '');
  for (const [index, samples] of recordings.entries()) {
    at += frame.write(BEFORE_SAMPLES, at, 'latin1');
    at = writeSamplesInto(frame, at, samples);
    at += frame.write(`"${pieces[index + 1] ?? ''}`, at);
  }
  return frame;
}
