import { render } from 'preact';
render(<main>mamori</main>, document.getElementById('app')!);
