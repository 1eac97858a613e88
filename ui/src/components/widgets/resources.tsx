// CPU, memory and disk in percent, and the network's rate, for each machine that a node exporter reports.
import type { Resources as Machine } from '../../api/types';
import { t } from '../../i18n';
import { formatBytes, formatPercent } from '../../i18n/numbers';
import { technical } from '../../state/store';
import { lang } from '../../state/view';
import { lastOf, type Series } from '../chart_data';
import { SeriesTable } from '../data_table';
import { Panel } from '../panel';
import { TimeChart } from '../time_chart';
import { technicalTimeline } from './quantiles';

function percentSeries(machine: Machine): Series[] {
  return [
    { key: 'cpu', label: t('cpu'), color: '--c-p99', values: machine.cpu_percent, width: 2.2 },
    { key: 'memory', label: t('memory'), color: '--c-p95', values: machine.memory_percent, width: 1.5 },
    { key: 'disk', label: t('disk'), color: '--c-p50', values: machine.disk_percent, width: 1.5, dash: [6, 4] },
  ];
}

const percent = (value: number): string => formatPercent(value, lang.value, 0);

function MachineChart({ machine, times }: { machine: Machine; times: number[] }) {
  const series = percentSeries(machine);
  const last = series.map(({ label, values }) => `${label} ${formatPercent(lastOf(values), lang.value, 0)}`).join(', ');
  const network = formatBytes(lastOf(machine.network_bytes_per_second), lang.value);
  return (
    <section class="machine">
      <h4>
        {machine.instance}{' '}
        <span class="muted">
          {t('network')} {t('network_rate', { bytes: network })}
        </span>
      </h4>
      <TimeChart {...technicalTimeline(times)} series={series} format={percent} formatAxis={percent} height={150} max={100} summary={`${machine.instance}: ${last}`} />
    </section>
  );
}

function Tables({ machines, times }: { machines: Machine[]; times: number[] }) {
  return (
    <>
      {machines.map((machine) => (
        <SeriesTable key={machine.instance} caption={`${t('resources')} ${machine.instance}`} times={times} stepMs={technicalTimeline(times).stepMs} series={percentSeries(machine)} format={percent} />
      ))}
    </>
  );
}

export function Resources() {
  const data = technical.data.value;
  const machines = data?.resources;
  if (!data || !machines || machines.length === 0) return null;
  return (
    <Panel name="resources" title={t('resources')} wide="full" source={technical} table={() => <Tables machines={machines} times={data.times_ms} />}>
      {() => (
        <div class="machines">
          {machines.map((machine) => (
            <MachineChart key={machine.instance} machine={machine} times={data.times_ms} />
          ))}
        </div>
      )}
    </Panel>
  );
}
