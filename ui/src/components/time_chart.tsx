// A time chart by uPlot: lines, or bars stacked by layer. All charts share the crosshair; dragging zooms into a range.
// Missing buckets are hatched, zeros have a mark on the base line, and the bucket that is still filling is shaded.
import { useSignal, useSignalEffect } from '@preact/signals';
import { useEffect, useRef } from 'preact/hooks';
import uPlot from 'uplot';
import 'uplot/dist/uPlot.min.css';

import { formatClock, formatDay, formatDayClock, ianaZone } from '../i18n/times';
import { change, lang, shownTheme, zone } from '../state/view';
import { stacked, type Series, type Values } from './chart_data';
import { Legend } from './legend';

export interface ChartProps {
  times: number[]; // ms, starts of buckets
  stepMs: number;
  window: { start: number; end: number }; // ms
  series: Series[];
  bars?: boolean; // stacked bars, first series lowest
  format: (value: number) => string; // in the legend
  formatAxis: (value: number) => string;
  summary: string; // the chart in words
  height?: number;
  max?: number; // highest value of the axis at least
}

const color = (name: string): string => getComputedStyle(document.documentElement).getPropertyValue(name).trim() || '#888';

function axisTime(split: number, increment: number): string {
  const ms = split * 1_000;
  const midnight = formatClock(ms, lang.value, zone.value).startsWith('00:00');
  return increment >= 86_400 || midnight ? formatDay(ms, lang.value, zone.value) : formatClock(ms, lang.value, zone.value);
}

function hatch(context: CanvasRenderingContext2D): CanvasPattern | null {
  const tile = document.createElement('canvas');
  tile.width = tile.height = 8;
  const pen = tile.getContext('2d');
  if (!pen) return null;
  pen.strokeStyle = color('--hatch');
  pen.lineWidth = 1;
  pen.beginPath();
  pen.moveTo(0, 8);
  pen.lineTo(8, 0);
  pen.stroke();
  return context.createPattern(tile, 'repeat');
}

/** Under the plot: hatching where nothing is known, shade over the bucket that is still filling. */
function drawGround(plot: uPlot, props: ChartProps): void {
  const { ctx: pen, bbox } = plot;
  const step = props.stepMs / 1_000;
  const band = (from: number, to: number, style: string | CanvasPattern) => {
    const left = Math.max(bbox.left, plot.valToPos(from, 'x', true));
    const right = Math.min(bbox.left + bbox.width, plot.valToPos(to, 'x', true));
    pen.fillStyle = style;
    if (right > left) pen.fillRect(left, bbox.top, right - left, bbox.height);
  };
  pen.save();
  const pattern = hatch(pen);
  const missing = (index: number) => props.series.every(({ values }) => (values[index] ?? null) === null);
  for (let index = 0; index < props.times.length; ) {
    let end = index;
    while (end < props.times.length && missing(end)) ++end;
    if (end > index && pattern) band((props.times[index] ?? 0) / 1_000, (props.times[end - 1] ?? 0) / 1_000 + step, pattern);
    index = Math.max(end, index + 1);
  }
  const last = (props.times[props.times.length - 1] ?? 0) / 1_000;
  if (props.bars && last + step > props.window.end / 1_000 + 0.5) band(last, last + step, color('--filling'));
  pen.restore();
}

/** On the base line: a mark for each bucket that is known to be zero. */
function drawZeros(plot: uPlot, props: ChartProps): void {
  if (!props.bars) return;
  const { ctx: pen } = plot;
  const step = props.stepMs / 1_000;
  const base = plot.valToPos(0, 'y', true);
  pen.save();
  pen.fillStyle = color('--zero');
  props.times.forEach((time, index) => {
    const values = props.series.map((each) => each.values[index] ?? null);
    if (values.every((value) => value === null) || values.some((value) => (value ?? 0) > 0)) return;
    const left = plot.valToPos(time / 1_000, 'x', true);
    const width = plot.valToPos(time / 1_000 + step, 'x', true) - left;
    pen.fillRect(left + width * 0.2, base - 2 * devicePixelRatio, width * 0.6, 2 * devicePixelRatio);
  });
  pen.restore();
}

/** Top layer first, so that each lower one is painted over it. */
function drawn(props: ChartProps): { series: Series[]; data: Values[] } {
  if (!props.bars) return { series: props.series, data: props.series.map(({ values }) => values) };
  return { series: [...props.series].reverse(), data: stacked(props.series.map(({ values }) => values)).reverse() };
}

function lonePoints(plot: uPlot, seriesIndex: number): number[] {
  const values = plot.data[seriesIndex] as Values;
  return values.flatMap((value, at) =>
    value !== null && (values[at - 1] ?? null) === null && (values[at + 1] ?? null) === null ? [at] : [],
  );
}

function options(latest: { current: ChartProps }, width: number, onCursor: (index: number | null) => void): uPlot.Options {
  const props = latest.current;
  const bars = uPlot.paths.bars?.({ size: [0.86, 40], align: 1 });
  const axis = { stroke: () => color('--muted'), font: '11px system-ui, sans-serif', ticks: { show: false }, grid: { stroke: () => color('--grid'), width: 1 } };
  return {
    width,
    height: props.height ?? 190,
    padding: [8, 16, 0, 0],
    tzDate: (seconds) => uPlot.tzDate(new Date(seconds * 1_000), ianaZone(zone.value)),
    legend: { show: false },
    cursor: {
      y: false,
      sync: { key: 'mamori' },
      drag: { x: true, y: false, setScale: false },
      points: { size: props.bars ? 0 : 7 },
    },
    scales: {
      x: {
        time: true,
        range: () => {
          const { times, stepMs, window } = latest.current;
          const lastEnd = (times[times.length - 1] ?? 0) + stepMs;
          return [window.start / 1_000, Math.max(window.end, latest.current.bars ? lastEnd : 0) / 1_000];
        },
      },
      y: { range: (_plot, _low, high) => [0, Math.max(high * 1.08, latest.current.max ?? 0) || 1] },
    },
    axes: [
      { ...axis, space: 64, size: 26, values: (_plot, splits, _axis, _space, increment) => splits.map((split) => axisTime(split, increment)) },
      { ...axis, size: 56, space: 34, values: (_plot, splits) => splits.map((split) => latest.current.formatAxis(split)) },
    ],
    series: [
      {},
      ...drawn(props).series.map((each): uPlot.Series => ({
        label: each.label,
        stroke: () => color(props.bars ? `${each.color}-edge` : each.color),
        width: props.bars ? 1 : (each.width ?? 1.5),
        ...(props.bars ? { fill: () => color(each.color) } : {}),
        ...(props.bars && bars ? { paths: bars } : {}),
        ...(each.dash ? { dash: each.dash } : {}),
        points: props.bars ? { show: false } : { show: true, size: 5, filter: lonePoints },
      })),
    ],
    hooks: {
      drawClear: [(plot) => drawGround(plot, latest.current)],
      draw: [(plot) => drawZeros(plot, latest.current)],
      setCursor: [(plot) => onCursor(plot.cursor.idx ?? null)],
      setSelect: [
        (plot) => {
          const { left, width: dragged } = plot.select;
          if (dragged < 8) return;
          const [from, to] = [plot.posToVal(left, 'x'), plot.posToVal(left + dragged, 'x')];
          plot.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false);
          if (to - from >= 5) change({ range: { kind: 'absolute', from: Math.round(from) * 1_000, to: Math.round(to) * 1_000 } }, true);
        },
      ],
    },
  };
}

const aligned = (props: ChartProps): uPlot.AlignedData => [props.times.map((time) => time / 1_000), ...drawn(props).data] as uPlot.AlignedData;

export function TimeChart(props: ChartProps) {
  const box = useRef<HTMLDivElement>(null);
  const plot = useRef<uPlot | null>(null);
  const latest = useRef(props);
  const hovered = useSignal<number | null>(null);
  latest.current = props;
  const shape = `${props.series.map(({ key }) => key).join()} ${lang.value} ${zone.value}`;

  useEffect(() => {
    const place = box.current;
    if (!place) return;
    const onCursor = (index: number | null) => (hovered.value = index);
    const made = new uPlot(options(latest, Math.max(120, place.clientWidth), onCursor), aligned(latest.current), place);
    plot.current = made;
    const resize = new ResizeObserver(() => {
      const width = place.clientWidth;
      if (width > 0 && width !== made.width) made.setSize({ width, height: made.height });
    });
    resize.observe(place);
    return () => {
      resize.disconnect();
      made.destroy();
      plot.current = null;
    };
  }, [shape]);

  useEffect(() => plot.current?.setData(aligned(props)), [props.times, props.series, props.window.end]);

  useSignalEffect(() => {
    void shownTheme.value;
    requestAnimationFrame(() => plot.current?.redraw(false));
  });
  const at = hovered.value;
  const time = at === null ? undefined : props.times[at];
  return (
    <div class="time-chart">
      <Legend
        series={props.series}
        index={at}
        whole={props.bars ? props.times.filter((start) => start + props.stepMs <= props.window.end).length : props.times.length}
        format={props.format}
        time={time === undefined ? null : formatDayClock(time, lang.value, zone.value)}
      />
      <div class="plot" ref={box} role="img" aria-label={props.summary} />
    </div>
  );
}
