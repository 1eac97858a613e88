import { render } from 'preact';

import { shiftRange } from './components/range_picker';
import { NowPage } from './pages/now';
import { listenToKeys } from './state/keys';
import { startUpdating } from './state/store';
import { keepInStep } from './state/view';
import './styles/tokens.css';
import './styles/base.css';
import './styles/layout.css';
import './styles/parts.css';

keepInStep();
startUpdating();
listenToKeys(shiftRange);
const place = document.getElementById('app');
if (place) render(<NowPage />, place);
