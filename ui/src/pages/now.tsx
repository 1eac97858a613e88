// The one page so far: verdict, indicators, alerts, the two dashboards, the log lines.
import { Alerts } from '../components/alerts';
import { Banners } from '../components/banners';
import { Footer } from '../components/footer';
import { Indicators } from '../components/indicators';
import { Logs } from '../components/logs';
import { Empty } from '../components/panel';
import { TopBar } from '../components/top_bar';
import { Verdict } from '../components/verdict';
import { Countries } from '../components/widgets/countries';
import { Endpoints } from '../components/widgets/endpoints';
import { Failures } from '../components/widgets/failures';
import { Methods } from '../components/widgets/methods';
import { ApiResponseTimes, Latency } from '../components/widgets/quantiles';
import { Resources } from '../components/widgets/resources';
import { Revenue } from '../components/widgets/revenue';
import { Volume } from '../components/widgets/volume';
import { t } from '../i18n';
import { dashboards, hasWidget } from '../state/store';

function PaymentsDashboard() {
  const kinds = ['volume', 'failures', 'methods', 'countries', 'revenue'];
  if (dashboards.data.value && !kinds.some(hasWidget)) return <Empty why={t('no_widgets')} />;
  return (
    <div class="grid">
      {hasWidget('volume') && <Volume />}
      {hasWidget('failures') && <Failures />}
      {hasWidget('revenue') && <Revenue />}
      {hasWidget('volume') && <Latency />}
      {hasWidget('methods') && <Methods />}
      {hasWidget('countries') && <Countries />}
    </div>
  );
}

function TechnicalDashboard() {
  const kinds = ['api_response_times', 'errors_by_endpoint', 'resources'];
  if (dashboards.data.value && !kinds.some(hasWidget)) return <Empty why={t('no_widgets')} />;
  return (
    <div class="grid">
      {hasWidget('api_response_times') && <ApiResponseTimes />}
      {hasWidget('errors_by_endpoint') && <Endpoints />}
      {hasWidget('resources') && <Resources />}
    </div>
  );
}

export function NowPage() {
  return (
    <>
      <a class="skip" href="#now">
        {t('skip_to_content')}
      </a>
      <TopBar />
      <main>
        <Banners />
        <div class="first-row" id="now" tabIndex={-1}>
          <Verdict />
          <Alerts />
        </div>
        <Indicators />
        <section id="payments" aria-labelledby="payments-title">
          <h2 id="payments-title">{t('dashboard_payments')}</h2>
          <PaymentsDashboard />
        </section>
        <section id="technical" aria-labelledby="technical-title">
          <h2 id="technical-title">{t('dashboard_technical')}</h2>
          <TechnicalDashboard />
        </section>
        <Logs />
      </main>
      <Footer />
    </>
  );
}
