/** The output of an experiment's job, as it grows. */
import { useEffect, useRef, useState } from 'preact/hooks';
import type { Source } from '../source/source.js';

/** Characters that are kept; older ones are in the workdir. */
const KEPT = 400_000;

export function LogView({ source, run, nodeId }: { source: Source; run: number; nodeId: string }) {
  const [stream, setStream] = useState<'stdout' | 'stderr'>('stdout');
  const [isFollowing, setFollowing] = useState(true);
  const [state, setState] = useState<'open' | 'ended' | 'lost'>('open');
  const box = useRef<HTMLPreElement>(null);
  const text = useRef('');
  const following = useRef(true);
  following.current = isFollowing;

  useEffect(() => {
    const events = new EventSource(source.logAddress(run, nodeId, stream));
    text.current = '';
    const show = (added: string) => {
      text.current = (text.current + added).slice(-KEPT);
      if (!box.current) return;
      box.current.textContent = text.current;
      if (following.current) box.current.scrollTop = box.current.scrollHeight;
    };
    show('');
    setState('open');
    events.onmessage = ({ data }) => {
      const said = JSON.parse(data) as { text?: string; skipped?: number; ended?: boolean };
      if (said.skipped !== undefined) show(`… ${said.skipped} bytes before this are in the workdir\n`);
      if (said.text !== undefined) show(said.text);
      if (said.ended) {
        events.close();
        setState('ended');
      }
    };
    events.onerror = () => {
      events.close();
      setState('lost');
    };
    return () => events.close();
  }, [source, run, nodeId, stream]);

  return (
    <>
      <div class="panel-head">
        <h2>
          Output <span class="quiet">{{ open: 'follows', ended: 'ended', lost: 'not reachable' }[state]}</span>
        </h2>
        <div class="buttons">
          {(['stdout', 'stderr'] as const).map((name) => (
            <button type="button" key={name} aria-pressed={stream === name} onClick={() => setStream(name)}>
              {name}
            </button>
          ))}
          <label class="quiet">
            <input
              type="checkbox"
              checked={isFollowing}
              onChange={(event) => setFollowing(event.currentTarget.checked)}
            />{' '}
            stay at the end
          </label>
        </div>
      </div>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be within reach of the keyboard */}
      <pre ref={box} class="log" tabIndex={0} role="log" aria-label={`${stream} of ${nodeId}`} aria-live="off" />
    </>
  );
}
