/** A line of the newest figures, without axes. */

export interface SparklineProps {
  /** Oldest first; NaN where there is none. */
  readonly values: readonly number[];
  /** Places of the line; fewer values stand at the right. */
  readonly places: number;
  readonly label: string;
}

const HEIGHT = 24;

export function Sparkline({ values, places, label }: SparklineProps) {
  const most = Math.max(1e-9, ...values.filter(Number.isFinite));
  const first = places - values.length;
  const points = values.map((value, n) => ({ x: first + n, y: HEIGHT - 1.5 - (value / most) * (HEIGHT - 3) }));
  const { line, area } = paths(points);
  return (
    <svg class="spark" viewBox={`0 0 ${places - 1} ${HEIGHT}`} preserveAspectRatio="none" role="img" aria-label={label}>
      <path class="area" d={area} />
      <path class="line" d={line} />
    </svg>
  );
}

function paths(points: readonly { x: number; y: number }[]): { line: string; area: string } {
  let [line, area] = ['', ''];
  let began: number | undefined;
  let last = 0;
  const end = () => {
    if (began !== undefined) area += `L${last} ${HEIGHT}L${began} ${HEIGHT}Z`;
    began = undefined;
  };
  for (const { x, y } of points) {
    if (!Number.isFinite(y)) {
      end();
      continue;
    }
    const move = `${began === undefined ? 'M' : 'L'}${x} ${y.toFixed(2)}`;
    line += move;
    area += move;
    began ??= x;
    last = x;
  }
  end();
  return { line, area };
}
