/** What a diagnosis means, in words for a person: a sentence each, with its figures. */
import type { Diagnosis, StageReading } from './stage-rules.js';

export function diagnosisSentences(diagnosis: Diagnosis): string[] {
  return [
    limitSentence(diagnosis),
    readinessSentence(diagnosis),
    ...(diagnosis.bottleneck ? waitSentences(diagnosis.bottleneck) : []),
    threadSentence(diagnosis),
    diagnosis.gilBound
      ? 'The job keeps about one core busy while several tasks are under way: its threads take turns at the interpreter’s lock, so a pipeline in its own process, or fewer threads, can be faster.'
      : '',
    ...diagnosis.oversubscribed.map(({ stage, reason }) =>
      reason === 'more tasks than cores'
        ? `\`${stage.function}\` has more tasks under way than there are cores, and the cores are full: a lower concurrency may be faster.`
        : `A task of \`${stage.function}\` takes longer in proportion to its concurrency of ${stage.concurrency}: less concurrency did as much.`,
    ),
  ].filter((sentence) => sentence !== '');
}

function limitSentence({ limit, bottleneck, threads, stages }: Diagnosis): string {
  switch (limit) {
    case 'compute':
      return 'The training step itself is the limit: data is ready when the loop asks for it.';
    case 'threads':
      return `The pipeline is short of threads: its stages want ${threads?.wanted ?? '?'} at a time and share ${threads?.available ?? '?'}.`;
    case 'source':
      return 'The source is the limit: every queue behind it runs empty.';
    case 'stage': {
      const { stage, bestItemS } = bottleneck!;
      const pace = bestItemS === null ? '' : `, which allows one item every ${milliseconds(bestItemS)} at best`;
      const time = stage.aveTimeS === null ? '' : ` of ${milliseconds(stage.aveTimeS)} each`;
      return `Stage \`${stage.function}\` is the bottleneck: ${stage.concurrency} at a time${time}${pace}.`;
    }
    default:
      return stages.length === 0
        ? 'There are no stage statistics, so the bottleneck is unknown.'
        : 'No stage stands out: the queues are neither full nor empty.';
  }
}

function readinessSentence({ dataReadiness, fetchShare }: Diagnosis): string {
  const parts = [
    dataReadiness === null ? '' : `data was ready ${shareText(dataReadiness)} of the time`,
    fetchShare === null ? '' : `the loop spent ${shareText(fetchShare)} of a step waiting for it`,
  ].filter((part) => part !== '');
  if (parts.length === 0) return '';
  const text = parts.join(', and ');
  return `${text[0]!.toUpperCase()}${text.slice(1)}.`;
}

function waitSentences({ stage, inputOccupation, outputOccupation }: StageReading): string[] {
  const sentences: string[] = [];
  if (inputOccupation !== null && outputOccupation !== null) {
    sentences.push(
      `Its input held an item ${shareText(inputOccupation)} of the time and its output ${shareText(outputOccupation)}.`,
    );
  }
  if (stage.getS !== null && stage.putS !== null && stage.getS > stage.putS && stage.getS > 1e-3) {
    sentences.push(`The next stage waited ${milliseconds(stage.getS)} for each of its items.`);
  }
  return sentences;
}

function threadSentence({ threads, limit }: Diagnosis): string {
  if (!threads || limit === 'threads') return '';
  return `On average ${threads.busy.toFixed(1)} of ${threads.available} threads were busy.`;
}

export function milliseconds(seconds: number): string {
  const ms = seconds * 1000;
  return `${ms >= 100 ? ms.toFixed(0) : ms >= 1 ? ms.toFixed(1) : ms.toFixed(3)} ms`;
}

export function shareText(share: number): string {
  return `${(share * 100).toFixed(share < 0.1 ? 1 : 0)}%`;
}
