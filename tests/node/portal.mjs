// The portal in a real browser: every page in both languages, by axe-core, at 320 pixels, at twice the size, in the dark,
// without a script, by the keyboard alone, on paper; and pictures of every page.
//
// node portal.mjs [--only=EXPRESSION] CHENGXIN [PICTURES]     starts `CHENGXIN demo` itself, so that all of it can run where nothing but
//                                         loopback is: see alone.sh
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { chromium } from 'playwright-core';
import * as checks from './portal/checks.mjs';
import { BROWSER, withDemo } from './portal/demo.mjs';
import { pages } from './portal/pages.mjs';
import * as desks from './portal/desks.mjs';
import * as walks from './portal/walks.mjs';

const { values: { only = '' }, positionals: [binary, pictures] } = parseArgs({ options: { only: { type: 'string' } }, allowPositionals: true });
if (!binary) {
  console.error('usage: node portal.mjs [--only=EXPRESSION] CHENGXIN [PICTURES]');
  process.exit(2);
}

let failures = 0;
let number = 0;

async function check(title, work) {
  if (!new RegExp(only).test(title)) return;
  number += 1;
  try {
    await work();
    console.log(`ok ${number} - ${title}`);
  } catch (error) {
    failures += 1;
    console.log(`not ok ${number} - ${title}\n  ${String(error?.stack ?? error).replaceAll('\n', '\n  ')}`);
  }
}

async function all(browser, site) {
  for (const page of [...pages(site), ...desks.pages(site)]) {
    const whose = { ...site, account: page.account };
    for (const language of ['', '/en']) {
      const address = language + (language && page.path === '/' ? '' : page.path);
      const title = `${language || '/zh'} ${page.name}`;
      await check(`${title}: axe-core finds nothing, in light and dark`, () => checks.axe(browser, whose, address));
      await check(`${title}: fits 320 pixels and twice the size`, () => checks.narrow(browser, whose, address));
      await check(`${title}: asks nobody else, and leaves no fault in the console`, () => checks.alone(browser, whose, address, page.status));
      if (pictures) await checks.picture(browser, whose, address, join(pictures, `${page.name}${language ? '-en' : ''}.jpg`), page.whole);
    }
  }
  for (const [title, walk] of Object.entries({ ...walks.all, ...desks.all })) {
    await check(title, () => walk(browser, site));
  }
  for (const prefix of ['', '/en']) {
    const is = (zh, en) => new RegExp(prefix ? en : zh);
    for (const [title, walk] of Object.entries(desks.roles)) {
      await check(`${prefix || '/zh'} ${title}`, () => walk(browser, site, { prefix, is }));
    }
  }
}

try {
  await withDemo(binary, async ({ url, samples, tokens, folder }) => {
    const browser = await chromium.launch(BROWSER);
    try {
      await all(browser, { base: url, samples, tokens, folder });
    } finally {
      await browser.close();
    }
  });
} catch (error) {
  failures += 1;
  console.log(`not ok - the run ended early\n  ${error?.stack ?? error}`);
}
console.log(`1..${number}`);
console.log(`${number - failures} passed, ${failures} failed`);
process.exit(failures ? 1 : 0);
