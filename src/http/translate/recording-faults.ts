/** Fields of a request that do not go together, where a recording, its format and its languages are concerned. */
import type { FieldFault } from '../../errors.js';
import type { Fields } from '../body/fields.js';
import { pointerTo } from '../problem.js';

const SUBTITLES: ReadonlySet<unknown> = new Set(['srt', 'vtt']);
const OF_SEGMENTS: ReadonlySet<unknown> = new Set([...SUBTITLES, 'verbose_json']);

/** The words of a text are the text, it has no segments, and it is translated into one language. */
export function textFaults({ values, sentAs }: Fields): FieldFault[] {
  const { transcript, text, format, subtitles, target } = values;
  if (text === undefined) return [];
  const faults: FieldFault[] = [];
  if (transcript === true || transcript === 'true')
    faults.push({
      pointer: '/transcript',
      detail: '`transcript` is for recordings; the words of a text are known. Leave it out.',
    });
  if (OF_SEGMENTS.has(format))
    faults.push({
      pointer: '/format',
      detail: `\`format\` \`${String(format)}\` is for recordings; a text has no segments. Use \`json\` or \`text\`.`,
    });
  if (subtitles !== undefined)
    faults.push({ pointer: '/subtitles', detail: '`subtitles` is for recordings. Leave it out.' });
  if (hasSeveral(target))
    faults.push({
      pointer: pointerTo(sentAs.get('target') ?? 'target'),
      detail: 'Several targets are for recordings; send a text once for each target.',
    });
  return faults;
}

/** What one answer cannot be at the same time. @param isJob whether there is a result for each target instead. */
export function formFaults(fields: Fields, isJob: boolean): FieldFault[] {
  const { values, sentAs } = fields;
  const { format, output, stream, target } = values;
  const faults: FieldFault[] = [];
  if ((stream === true || stream === 'true') && (SUBTITLES.has(format) || format === 'text'))
    faults.push({
      pointer: '/format',
      detail: `A stream has no \`format\` \`${String(format)}\`; leave out one of \`stream\` and \`format\`.`,
    });
  if (SUBTITLES.has(format) && hasSeveral(target) && !isJob) faults.push(oneTargetFault(fields));
  if (output !== 'audio') return faults;
  if (format !== undefined && format !== 'json')
    faults.push({ pointer: '/format', detail: 'A spoken reply comes with `format` `json` only.' });
  if (hasSeveral(target))
    faults.push({
      pointer: pointerTo(sentAs.get('target') ?? 'target'),
      detail: 'A spoken reply has one target.',
    });
  return faults;
}

export function oneTargetFault({ sentAs }: Pick<Fields, 'sentAs'>): FieldFault {
  return {
    pointer: pointerTo(sentAs.get('target') ?? 'target'),
    detail:
      'A file of subtitles has one target; send one, use `format` `verbose_json`, or make a job, which has a file for each.',
  };
}

function hasSeveral(target: unknown): boolean {
  return Array.isArray(target) ? target.length > 1 : typeof target === 'string' && /,\s*\S/.test(target);
}
