// The plots of the ops page, which bring themselves up to date, and what makes its forms handier.
(() => {
  const EVERY = 10_000;
  const INKS = ['--plot-1', '--plot-2', '--plot-3', '--plot-4'];
  const plots = new Map();
  const holder = document.querySelector('[data-plots]');
  const dark = matchMedia('(prefers-color-scheme: dark)');

  // A form that was answered is not sent again by loading the page anew.
  if (location.pathname !== '/ops') history.replaceState(null, '', `/ops${location.search}`);

  // A file fills the text beside it; without scripts the text is all there is.
  for (const input of document.querySelectorAll('[data-fills]')) {
    input.parentElement.hidden = false;
    input.addEventListener('change', async () => {
      const [file] = input.files;
      if (file) document.getElementById(input.dataset.fills).value = await file.text();
    });
  }

  const ink = (name) => getComputedStyle(holder).getPropertyValue(name).trim();

  const amount = (value, isBytes) => {
    if (value === null || value === undefined) return '–';
    if (!isBytes) return value.toLocaleString(document.documentElement.lang);
    const power = Math.min(4, Math.floor(Math.log10(Math.max(1, value)) / 3));
    return `${(value / 1000 ** power).toPrecision(3)} ${['B', 'kB', 'MB', 'GB', 'TB'][power]}`;
  };

  function draw(figure, times, { name, lines }) {
    const isBytes = name === 'storage';
    const canvas = figure.querySelector('.plot-canvas');
    const data = [times, ...lines.map(({ values }) => values)];
    const old = plots.get(name);
    if (old) old.setData(data);
    else plots.set(name, open(canvas, lines, data, isBytes));
    tell(figure.querySelector('.plot-now'), lines, isBytes);
  }

  function open(canvas, lines, data, isBytes) {
    const axis = {
      stroke: ink('--soft'),
      grid: { stroke: ink('--line'), width: 1 },
      ticks: { show: false },
      font: '12px sans-serif',
    };
    return new uPlot(
      {
        width: canvas.clientWidth,
        height: canvas.clientHeight,
        legend: { show: false },
        cursor: { y: false },
        scales: { y: { range: (_plot, _least, most) => [0, Math.max(1, (most ?? 0) * 1.1)] } },
        axes: [
          { ...axis, values: (_plot, ticks) => ticks.map((at) => new Date(at * 1000).toTimeString().slice(0, 5)) },
          { ...axis, size: 56, values: (_plot, ticks) => ticks.map((tick) => amount(tick, isBytes)) },
        ],
        series: [
          {},
          ...lines.map(({ label }, index) => ({
            label,
            stroke: ink(INKS[index]),
            fill: index === 0 ? `color-mix(in srgb, ${ink(INKS[0])} 12%, transparent)` : undefined,
            width: 1.5,
            points: { show: false },
          })),
        ],
      },
      data,
      canvas,
    );
  }

  // The last minute in words: the key of the plot, and what a screen reader gets of it.
  function tell(place, lines, isBytes) {
    place.replaceChildren(
      ...lines.map(({ label, values }, index) => {
        const key = document.createElement('span');
        key.className = `plot-key plot-key-${index + 1}`;
        key.textContent = `${label} ${amount(
          values.findLast((value) => value !== null),
          isBytes,
        )}`;
        return key;
      }),
    );
  }

  async function refresh() {
    if (document.visibilityState !== 'visible') return;
    const response = await fetch(holder.dataset.plots);
    if (!response.ok) return;
    const { times, plots: all } = await response.json();
    for (const plot of all) {
      const figure = holder.querySelector(`[data-plot="${plot.name}"]`);
      if (figure) draw(figure, times, plot);
    }
  }

  function reopen() {
    for (const plot of plots.values()) plot.destroy();
    plots.clear();
    void refresh();
  }

  if (!holder || typeof uPlot === 'undefined') return;
  void refresh();
  setInterval(() => void refresh().catch(() => undefined), EVERY);
  document.addEventListener('visibilitychange', () => void refresh().catch(() => undefined));
  dark.addEventListener('change', reopen);
  new ResizeObserver(() => {
    for (const [name, plot] of plots) {
      const { clientWidth, clientHeight } = holder.querySelector(`[data-plot="${name}"] .plot-canvas`);
      plot.setSize({ width: clientWidth, height: clientHeight });
    }
  }).observe(holder);
})();
