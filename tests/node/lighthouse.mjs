// What Lighthouse says of home and subject page: a telephone behind throttled 4G, by simulation.
// Usage: node lighthouse.mjs CHENGXIN [RUNS]     RUNS a page, 3 unless said otherwise; the median of each figure is printed
//
// Best practices and accessibility are held to 95 and 100; performance and first contentful paint are printed, and
// kept in docs/performance.md: a machine that does something else meanwhile is slower than the page.
import { chromium } from 'playwright-core';
import lighthouse from 'lighthouse';
import { BROWSER, withDemo } from './portal/demo.mjs';

const [binary, runs = '3'] = process.argv.slice(2);
if (!binary || !(Number(runs) >= 1)) {
  console.error('usage: node lighthouse.mjs CHENGXIN [RUNS]');
  process.exit(2);
}

/** A look at a page. One at which nothing was painted, on a machine that is busy, has measured nothing, and is repeated. */
async function measured(address, options) {
  for (let tries = 1; ; tries += 1) {
    try {
      const { lhr } = await lighthouse(address, options);
      const isWhole = !lhr.runtimeError && HELD.every((category) => lhr.categories[category].score !== null);
      if (isWhole) return lhr;
      throw new Error(lhr.runtimeError?.code ?? 'a category without a score');
    } catch (error) {
      if (tries === 8) throw error;
      console.error(`nothing was measured at ${address}: ${error.message}`);
      await new Promise((resolve) => setTimeout(resolve, 2_000));
    }
  }
}

/** What is held to a bar; of performance the figure is printed, or that there is none. */
const HELD = ['best-practices', 'accessibility'];

const PORT = 9222;
const median = (values) => values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)];
let failures = 0;

await withDemo(binary, async ({ url, samples }) => {
  const browser = await chromium.launch({ ...BROWSER, args: [...BROWSER.args, `--remote-debugging-port=${PORT}`] });
  try {
    for (const path of ['/', `/subjects/${samples.uscc}`, '/en', `/en/subjects/${samples.uscc}`]) {
      const found = [];
      for (let run = 0; run < Number(runs); run += 1) {
        const options = { port: PORT, output: 'json', logLevel: 'error', onlyCategories: ['performance', 'best-practices', 'accessibility'] };
        const lhr = await measured(url + path, options);
        found.push({
          performance: lhr.categories.performance.score * 100,
          'best practices': lhr.categories['best-practices'].score * 100,
          accessibility: lhr.categories.accessibility.score * 100,
          'first contentful paint, ms': Math.round(lhr.audits['first-contentful-paint'].numericValue),
          'largest contentful paint, ms': Math.round(lhr.audits['largest-contentful-paint'].numericValue),
          bytes: lhr.audits['total-byte-weight'].numericValue,
        });
      }
      const figures = Object.keys(found[0]).map((name) => [name, median(found.map((figure) => figure[name]))]);
      console.log(`${path.split('/').slice(0, -1).join('/') || path}: ${figures.map(([name, value]) => `${name} ${value}`).join(', ')}`);
      const held = Object.fromEntries(figures);
      if (held['best practices'] < 95 || held.accessibility < 100 || held.bytes >= 100_000) failures += 1;
    }
  } finally {
    await browser.close();
  }
});
console.log(`4 pages, ${failures} failed`);
process.exit(failures ? 1 : 0);
