// A small line over the chosen range with its objective as a dashed line. Gaps stay gaps.

interface Props {
  points: [number, number][]; // [seconds, value]
  start: number; // seconds
  end: number;
  step: number;
  threshold?: number;
  summary: string;
}

const WIDTH = 240;
const HEIGHT = 44;
const PAD = 3;

export function linePath(points: [number, number][], x: (at: number) => number, y: (value: number) => number, gap: number): string {
  let path = '';
  let last = -Infinity;
  for (const [at, value] of points) {
    const place = `${x(at).toFixed(1)} ${y(value).toFixed(1)}`;
    // A lone point is drawn as a dot: a line of no length with round ends.
    path += at - last > gap ? `M${place}L${place}` : `L${place}`;
    last = at;
  }
  return path;
}

export function Sparkline({ points, start, end, step, threshold, summary }: Props) {
  const values = points.map(([, value]) => value).concat(threshold ?? []);
  let low = Math.min(...values);
  let high = Math.max(...values);
  if (!(high > low)) [low, high] = [low - 1, high + 1];
  const x = (at: number) => ((at - start) / (end - start)) * WIDTH;
  const y = (value: number) => PAD + (1 - (value - low) / (high - low)) * (HEIGHT - 2 * PAD);
  return (
    <svg class="sparkline" viewBox={`0 0 ${WIDTH} ${HEIGHT}`} preserveAspectRatio="none" role="img" aria-label={summary}>
      {threshold !== undefined && <line class="spark-objective" x1="0" x2={WIDTH} y1={y(threshold)} y2={y(threshold)} />}
      <path class="spark-line" d={linePath(points, x, y, step * 2.5)} />
    </svg>
  );
}
