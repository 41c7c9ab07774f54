/** The script of the evaluation: English sentences that all differ, the same ones each time. */

const WHO = [
  ...[
    'The captain',
    'My older sister',
    'A young doctor',
    'The night train',
    'Our neighbour',
    'The committee',
  ],
  ...['Doctor Helen Carter', 'The museum', 'A tired farmer', 'The new teacher'],
];
const DID = [
  ...[
    'found',
    'brought',
    'repaired',
    'described',
    'forgot',
    'carried',
    'painted',
    'returned',
    'ordered',
    'hid',
  ],
];
const WHAT = [
  ...[
    'the old map',
    'three wooden boxes',
    'a letter from Lisbon',
    'the broken window',
    'every single photograph',
  ],
  ...[
    'a bag of green apples',
    'the last two tickets',
    "her grandfather's watch",
    'seven silver coins',
    'the yellow boat',
  ],
];
const WHERE = [
  ...[
    'near the river',
    'behind the station',
    'in the upper garden',
    'on the second floor',
    'under the stone bridge',
  ],
];
const WHEN = [
  ...[
    'before breakfast',
    'on Thursday evening',
    'when the storm was over',
    'because nobody else could help',
    'in March',
  ],
];
const SHORT = [
  ...['Nobody answered.', 'That was enough.', 'Why not tomorrow?', 'Please wait outside.', 'I do not agree.'],
  ...['It rained again.', 'Turn left here.', 'Where is everybody?', 'Thank you very much.', 'We were late.'],
];
const LONG = [
  ...['and after a while, with some difficulty, everybody understood what had happened'],
  ...['but the door was locked, the lights were out, and the street was completely empty'],
  ...['so we decided to walk home slowly, talking about the summer that was coming to an end'],
];

/** @returns sentence `index` of the script: one in eight is short, one in eight long; the first thousand differ. */
export function sentenceAt(index: number): string {
  const pick = (list: readonly string[], at: number): string => list[at % list.length] ?? '';
  const short = SHORT[(index - 3) / 8];
  if (index % 8 === 3 && short !== undefined) return short;
  const turn = Math.floor(index / 10);
  const words = [pick(WHO, index), pick(DID, index + turn), pick(WHAT, 3 * index + turn)];
  if (index % 3 !== 0) words.push(pick(WHERE, index + turn));
  if (index % 3 !== 1) words.push(pick(WHEN, 2 * index + turn));
  return index % 8 === 5 ? `${words.join(' ')}, ${pick(LONG, index)}.` : `${words.join(' ')}.`;
}
