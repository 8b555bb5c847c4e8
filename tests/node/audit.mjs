// Runs the server audits of graphql-http against a running GraphQL endpoint and prints each result.
// Usage: node audit.mjs http://127.0.0.1:8080/graphql
// Exit codes: 0 all MUST and SHOULD audits hold, 1 one fails or the endpoint cannot be reached, 2 usage.
// MAY audits are printed and never fail the run.

import { serverAudits } from 'graphql-http';

const [url, ...rest] = process.argv.slice(2);
if (!url || rest.length > 0 || !URL.canParse(url)) {
  console.error('usage: node audit.mjs URL');
  process.exit(2);
}

const counts = { ok: 0, notice: 0, failed: 0 };

// One after the other: an audit that fails by overload or by a rate limit would say nothing about conformance.
for (const audit of serverAudits({ url })) {
  let result;
  try {
    result = await audit.fn();
  } catch (fault) {
    result = { status: 'error', reason: `no answer: ${fault.cause?.code ?? fault.message}` };
  }
  const required = !audit.name.startsWith('MAY');
  const failed = result.status !== 'ok' && required;
  counts[result.status === 'ok' ? 'ok' : failed ? 'failed' : 'notice'] += 1;
  const mark = result.status === 'ok' ? 'ok    ' : failed ? 'FAILED' : 'notice';
  console.log(`${mark} ${audit.id} ${audit.name}`);
  if (result.status !== 'ok') {
    console.log(`       ${result.reason}${result.response ? ` (HTTP ${result.response.status})` : ''}`);
  }
}

console.log(`${counts.ok} hold, ${counts.notice} optional ones do not, ${counts.failed} required ones fail`);
process.exit(counts.failed === 0 ? 0 : 1);
