import type { App } from '../app.ts';
import type { Terminal } from './terminal.ts';

/**
 * Runs what `open` opens until somebody asks to stop, from the first moment on: whoever is told to stop while it starts goes
 * no further and closes what it has. `onReady` hears of the app, `onStop` of the signal.
 */
export async function untilStopped(
  terminal: Pick<Terminal, 'stopAsked'>,
  open: (stopping: AbortSignal) => Promise<App>,
  { onReady = () => {}, onStop = () => {} }: { onReady?: (app: App) => void; onStop?: (signal: string) => void },
): Promise<void> {
  const stopping = new AbortController();
  const asked = terminal.stopAsked().then((signal) => {
    onStop(signal);
    stopping.abort();
  });
  try {
    const app = await open(stopping.signal);
    onReady(app);
    await asked;
    await app.stop();
  } catch (error) {
    if (error !== stopping.signal.reason) throw error;
  }
}
