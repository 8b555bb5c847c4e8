// The query page: an editor, the headers that say who asks and why, the answer with its receipt, and a reference
// read by introspection. It talks to its own address alone, keeps nothing, and writes text, never markup.
'use strict';

const byId = (id) => document.getElementById(id);
const endpoint = location.pathname;

// ---------------------------------------------------------------- examples

const EXAMPLES = [
  {
    title: '资源目录 Catalogue',
    query: `# 信用信息资源目录：有哪些事项，每个字段谁能看到。
# The catalogue: which items there are, and who sees which field.
query Catalogue {
  catalogue {
    code
    title(language: ZH)
    category
    fields {
      name
      class
      disclosures { category tier maskedFrom mask }
    }
  }
}
`,
  },
  {
    title: '我是谁 Who am I',
    query: `# 本次请求的角色、用途与剩余额度。
# The role and purpose of this request, and what is left of its allowance.
query Viewer {
  viewer {
    role
    department { id }
    purpose { code }
  }
  rateLimit { limit cost remaining resetAt }
}
`,
  },
  {
    title: '查一个主体 One subject',
    query: `# 按统一社会信用代码查主体与其信用记录。请在变量中填写代码。
# A subject and its records, by unified social credit code. Fill in the variable.
query Subject($uscc: Uscc!) {
  subject(uscc: $uscc) {
    name
    category
    records(first: 5) {
      nodes {
        __typename
        item { code }
        decidedOn
        publishedUntil
        state
      }
      pageInfo { hasNextPage endCursor }
    }
  }
}
`,
    variables: { uscc: '' },
  },
  {
    title: '按名称查 By name',
    query: `# 名称相近的主体是候选，不合并。
# Subjects of a like name are candidates and are never merged.
query Candidates($name: String!, $first: Int! = 10) {
  subjects(name: $name, first: $first) {
    nodes { id uscc name category }
  }
}
`,
    variables: { name: '', first: 10 },
  },
  {
    title: '事项记录 Records of an item',
    query: `# 一个事项的记录，可按决定日期筛选。
# Records of one catalogue item, by date of decision.
query Records($item: String!, $filter: RecordFilter, $after: String) {
  records(item: $item, filter: $filter, first: 20, after: $after) {
    nodes {
      id
      subject { uscc name }
      decidedOn
      ... on AdministrativePenalty { decisionNo violationFacts }
    }
    pageInfo { hasNextPage endCursor }
  }
}
`,
    variables: { item: '', filter: { decidedFrom: '2025-01-01' } },
  },
  {
    title: '谁查过我 Who asked about me',
    query: `# 信用主体本人的查询记录。
# The subject's own view of who asked.
query AccessLog {
  accessLog(first: 20) {
    nodes { time }
    pageInfo { hasNextPage endCursor }
  }
}
`,
  },
];

// ---------------------------------------------------------------- small helpers

/** An element with text or children; never markup. */
function element(name, properties = {}, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(properties)) {
    if (key === 'class') made.className = value;
    else if (key === 'on') made.addEventListener('click', value);
    else made.setAttribute(key, value);
  }
  made.append(...children.filter((child) => child !== null && child !== undefined));
  return made;
}

function show(id, visible) {
  byId(id).hidden = !visible;
}

function say(text, bad = false) {
  const status = byId('status');
  status.textContent = text;
  status.classList.toggle('bad', bad);
}

// ---------------------------------------------------------------- editors

/** Line numbers, Tab as two blanks, Escape then Tab to leave, Enter keeps the indent. */
function makeEditor(area, lines) {
  let leaving = false;
  const number = () => {
    const count = area.value.split('\n').length;
    lines.textContent = Array.from({ length: count }, (_, index) => index + 1).join('\n');
    lines.scrollTop = area.scrollTop;
  };
  const insert = (text) => {
    area.setRangeText(text, area.selectionStart, area.selectionEnd, 'end');
    area.dispatchEvent(new Event('input', { bubbles: true }));
  };
  area.addEventListener('input', number);
  area.addEventListener('scroll', () => { lines.scrollTop = area.scrollTop; });
  area.addEventListener('blur', () => { leaving = false; });
  area.addEventListener('keydown', (event) => {
    // While an input method composes, its keys are its own.
    if (event.isComposing) return;
    if (event.key === 'Escape') { leaving = true; return; }
    if (event.key === 'Tab' && !leaving && !event.ctrlKey && !event.altKey && !event.metaKey) {
      event.preventDefault();
      if (event.shiftKey) outdent(area); else insert('  ');
      return;
    }
    if (event.key === 'Enter' && !event.ctrlKey && !event.metaKey && !event.shiftKey) {
      event.preventDefault();
      const before = area.value.slice(0, area.selectionStart);
      const indent = /[ \t]*/.exec(before.slice(before.lastIndexOf('\n') + 1))[0];
      insert(`\n${indent}${/[{([]\s*$/.test(before) ? '  ' : ''}`);
    }
    if (event.key !== 'Tab' && event.key !== 'Shift') leaving = false;
  });
  return { set(text) { area.value = text; area.scrollTop = 0; number(); area.dispatchEvent(new Event('input')); } };
}

function outdent(area) {
  const start = area.value.lastIndexOf('\n', area.selectionStart - 1) + 1;
  const blanks = /^ {1,2}/.exec(area.value.slice(start));
  if (blanks) {
    area.setRangeText('', start, start + blanks[0].length, 'preserve');
    area.dispatchEvent(new Event('input', { bubbles: true }));
  }
}

const queryEditor = makeEditor(byId('query'), byId('query-lines'));
const variablesEditor = makeEditor(byId('variables'), byId('variables-lines'));

/** The names of the operations in a document, strings and comments left out. */
function operationNames(text) {
  const bare = text.replace(/"""[\s\S]*?"""|"(?:\\.|[^"\\\n])*"|#[^\n]*/g, ' ');
  const names = [];
  let depth = 0;
  for (const token of bare.matchAll(/[{}]|\b(?:query|mutation|subscription)\s+([_A-Za-z]\w*)/g)) {
    if (token[0] === '{') depth += 1;
    else if (token[0] === '}') depth -= 1;
    else if (depth === 0) names.push(token[1]);
  }
  return names;
}

byId('query').addEventListener('input', () => {
  const names = operationNames(byId('query').value);
  const choice = byId('operation');
  const chosen = choice.value;
  choice.replaceChildren(...names.map((name) => element('option', { value: name }, name)));
  if (names.includes(chosen)) choice.value = chosen;
  show('operation-choice', names.length > 1);
});

// ---------------------------------------------------------------- asking

/** A header carries ASCII alone; what else a case number has is percent-encoded. */
function headerText(value) {
  return /^[\x20-\x7e]*$/.test(value) ? value : encodeURIComponent(value);
}

function headers() {
  const sent = {
    'Content-Type': 'application/json',
    Accept: 'application/graphql-response+json, application/json;q=0.9',
  };
  const token = byId('token').value.trim().replace(/^Bearer\s+/i, '');
  if (token) sent.Authorization = `Bearer ${headerText(token)}`;
  for (const [id, name] of [
    ['purpose', 'Chengxin-Purpose'],
    ['case', 'Chengxin-Case'],
    ['authorization', 'Chengxin-Authorization'],
  ]) {
    const value = byId(id).value.trim();
    if (value) sent[name] = headerText(value);
  }
  return sent;
}

async function ask(request, signal) {
  const started = performance.now();
  const response = await fetch(endpoint, {
    method: 'POST',
    headers: headers(),
    body: JSON.stringify(request),
    credentials: 'same-origin',
    cache: 'no-store',
    signal,
  });
  const text = await response.text();
  const took = Math.round(performance.now() - started);
  let body = null;
  try {
    body = JSON.parse(text);
  } catch {
    // Not JSON: a proxy's page, or nothing. It is shown as text.
  }
  return { response, text, body, took };
}

let running = null;

async function run() {
  if (running) return;
  let variables;
  try {
    variables = byId('variables').value.trim() ? JSON.parse(byId('variables').value) : undefined;
  } catch {
    say('变量不是有效的 JSON。 The variables are not valid JSON.', true);
    byId('variables').focus();
    return;
  }
  const request = { query: byId('query').value };
  if (variables !== undefined) request.variables = variables;
  if (!byId('operation-choice').hidden) request.operationName = byId('operation').value;

  running = new AbortController();
  byId('run').disabled = true;
  byId('stop').disabled = false;
  say('运行中…… Running…');
  try {
    render(await ask(request, running.signal));
  } catch (fault) {
    clear();
    const stopped = fault.name === 'AbortError';
    say(stopped ? '已停止等待；查询可能已经登记。 Stopped waiting; the query may be on record.'
      : '无法连接服务。 The service cannot be reached.', true);
  } finally {
    running = null;
    byId('run').disabled = false;
    byId('stop').disabled = true;
  }
}

// ---------------------------------------------------------------- the answer

function clear() {
  byId('result').textContent = '';
  for (const id of ['errors', 'disclosure', 'receipt']) show(id, false);
}

function render({ response, text, body, took }) {
  clear();
  const size = new TextEncoder().encode(text).length;
  const wait = response.headers.get('Retry-After');
  const later = wait ? ` · ${wait} 秒后可再试 retry in ${wait} s` : '';
  const cost = body?.extensions?.cost;
  const spent = cost ? ` · 费用 cost ${cost.actual ?? cost.requested}，余 left ${cost.remaining}` : '';
  say(`HTTP ${response.status} · ${took} ms · ${size} B${spent}${later}`, !response.ok || Boolean(body?.errors));
  byId('result').textContent = body === null ? text : JSON.stringify(body, null, 2);
  if (body === null) return;
  renderErrors(Array.isArray(body.errors) ? body.errors : []);
  renderDisclosure(body.extensions?.disclosure);
  renderReceipt(body.extensions?.audit);
}

function renderErrors(errors) {
  show('errors', errors.length > 0);
  byId('error-list').replaceChildren(...errors.map((error) => {
    const code = error.extensions?.code ? `${error.extensions.code} · ` : '';
    const path = Array.isArray(error.path) ? ` (${error.path.join('.')})` : '';
    const place = error.locations?.[0];
    const at = place ? ` [${place.line}:${place.column}]` : '';
    return element('li', {}, `${code}${error.message}${path}${at}`);
  }));
}

function renderDisclosure(disclosure) {
  const masked = disclosure?.masked ?? [];
  const withheld = disclosure?.withheld ?? [];
  show('disclosure', masked.length + withheld.length > 0);
  byId('disclosure-list').replaceChildren(
    ...masked.map((cell) => element('li', {}, `${cell.type}.${cell.field}：脱敏 masked（${cell.rule}）`)),
    ...withheld.map((cell) => element('li', {}, `${cell.type}.${cell.field}：不予披露 withheld（${cell.code}）`)),
  );
}

let receipt = null;

function renderReceipt(audit) {
  receipt = audit ?? null;
  show('receipt', receipt !== null);
  if (receipt === null) return;
  const names = { origin: '台账 Ledger', index: '序号 Index', leafHash: '条目哈希 Leaf hash', time: '时间 Time', signature: '签名 Signature' };
  const rows = Object.entries(receipt).flatMap(([key, value]) => [
    element('dt', {}, names[key] ?? key),
    element('dd', {}, String(value)),
  ]);
  byId('receipt-list').replaceChildren(...rows);
}

byId('copy-receipt').addEventListener('click', async () => {
  try {
    await navigator.clipboard.writeText(JSON.stringify(receipt));
    say('回执已复制。 The receipt is copied.');
  } catch {
    say('浏览器不允许复制，请手动选取。 The browser refused; select it by hand.', true);
  }
});

// ---------------------------------------------------------------- the reference

const INTROSPECTION = `query Reference {
  __schema {
    queryType { name }
    mutationType { name }
    subscriptionType { name }
    types { ...Whole }
  }
}
fragment Whole on __Type {
  kind
  name
  description
  fields(includeDeprecated: true) {
    name
    description
    args { ...Input }
    type { ...Named }
    isDeprecated
    deprecationReason
  }
  inputFields { ...Input }
  interfaces { name }
  enumValues(includeDeprecated: true) { name description isDeprecated deprecationReason }
  possibleTypes { name }
}
fragment Input on __InputValue { name description type { ...Named } defaultValue }
fragment Named on __Type {
  kind name ofType { kind name ofType { kind name ofType { kind name ofType { kind name ofType { kind name } } } } }
}`;

const TIERS = {
  PUBLIC_DISCLOSURE: '社会公开 public',
  GOVERNMENT_SHARING: '政务共享 sharing',
  AUTHORIZED_QUERY: '授权查询 authorized',
};
const CLASSES = { PLAIN: '非个人 plain', PERSONAL: '个人信息 personal', SENSITIVE: '敏感个人信息 sensitive' };

const reference = { types: new Map(), roots: [], trail: [] };

async function loadReference() {
  const target = byId('reference-body');
  target.replaceChildren(element('p', {}, '载入中…… Loading…'));
  let schema = null;
  try {
    schema = (await ask({ query: INTROSPECTION })).body?.data?.__schema ?? null;
  } catch {
    // Said below: the reference is a convenience, and queries work without it.
  }
  if (schema === null) {
    target.replaceChildren(element('p', {}, '此身份不能读取接口参考。 The reference is not open to this caller.'));
    return;
  }
  reference.types = new Map(schema.types.map((type) => [type.name, type]));
  reference.roots = [schema.queryType, schema.mutationType, schema.subscriptionType].filter(Boolean).map((root) => root.name);
  reference.trail = [];
  byId('search').value = '';
  drawOverview();
}

function typeText(type) {
  if (!type) return '…';
  if (type.kind === 'NON_NULL') return `${typeText(type.ofType)}!`;
  if (type.kind === 'LIST') return `[${typeText(type.ofType)}]`;
  return type.name;
}

function namedType(type) {
  let inner = type;
  while (inner?.ofType) inner = inner.ofType;
  return inner?.name;
}

function typeLink(name, text = name) {
  if (!reference.types.has(name)) return text;
  return element('button', { type: 'button', class: 'link', on: () => open(name) }, text);
}

/** Tier and class, where a description names them. */
function chips(description) {
  const found = [];
  for (const [word, label] of [...Object.entries(TIERS), ...Object.entries(CLASSES)]) {
    if (new RegExp(`\\b${word}\\b`).test(description ?? '')) {
      const narrow = word !== 'PUBLIC_DISCLOSURE' && word !== 'PLAIN';
      found.push(element('span', { class: narrow ? 'chip narrow' : 'chip' }, label));
    }
  }
  return found.length > 0 ? element('div', {}, ...found) : null;
}

function deprecation(member) {
  if (!member.isDeprecated) return null;
  return element('p', { class: 'hint' }, `已弃用 deprecated：${member.deprecationReason ?? ''}`);
}

function argument(input) {
  const given = input.defaultValue === null || input.defaultValue === undefined ? '' : ` = ${input.defaultValue}`;
  return [`${input.name}: `, typeLink(namedType(input.type), typeText(input.type)), given];
}

function drawField(field) {
  const parts = [element('strong', {}, field.name)];
  const inputs = field.args ?? [];
  if (inputs.length > 0) {
    parts.push('(', ...inputs.flatMap((input, index) => [index > 0 ? ', ' : '', ...argument(input)]), ')');
  }
  if (field.type) parts.push(': ', typeLink(namedType(field.type), typeText(field.type)));
  if (field.defaultValue) parts.push(` = ${field.defaultValue}`);
  const notes = inputs.filter((input) => input.description)
    .map((input) => element('li', {}, `${input.name}：${input.description}`));
  return element('section', {},
    element('div', { class: 'signature' }, ...parts),
    chips(field.description),
    field.description ? element('p', {}, field.description) : null,
    notes.length > 0 ? element('ul', { class: 'hint' }, ...notes) : null,
    deprecation(field));
}

function drawType(name) {
  const type = reference.types.get(name);
  const related = [...(type.interfaces ?? []), ...(type.possibleTypes ?? [])];
  const members = [...(type.fields ?? []), ...(type.inputFields ?? []), ...(type.enumValues ?? [])];
  byId('reference-body').replaceChildren(
    element('h3', {}, `${type.name} `, element('span', { class: 'chip' }, type.kind)),
    ...[chips(type.description), type.description ? element('p', {}, type.description) : null].filter(Boolean),
    ...(related.length > 0
      ? [element('p', {}, '相关 Related：', ...related.flatMap((other, index) => [index > 0 ? '、' : '', typeLink(other.name)]))]
      : []),
    ...members.map(drawField),
  );
}

function drawOverview() {
  byId('reference-back').disabled = true;
  const names = [...reference.types.keys()].filter((name) => !name.startsWith('__')).sort();
  const others = names.filter((name) => !reference.roots.includes(name));
  byId('reference-body').replaceChildren(
    element('h3', {}, '入口 Entry points'),
    element('ul', {}, ...reference.roots.map((name) => element('li', {}, typeLink(name)))),
    element('h3', {}, '类型 Types'),
    element('ul', {}, ...others.map((name) => element('li', {}, typeLink(name)))),
  );
}

function open(name) {
  reference.trail.push(name);
  byId('reference-back').disabled = false;
  byId('search').value = '';
  drawType(name);
  byId('reference-body').scrollTop = 0;
}

const FOUND_MAX = 60;

function search(words) {
  const wanted = words.trim().toLowerCase();
  if (wanted === '') {
    const last = reference.trail.at(-1);
    if (last) drawType(last); else drawOverview();
    return;
  }
  const hit = (member) => `${member.name} ${member.description ?? ''}`.toLowerCase().includes(wanted);
  const found = [];
  for (const type of reference.types.values()) {
    if (type.name.startsWith('__')) continue;
    if (hit(type)) found.push(element('li', {}, typeLink(type.name)));
    for (const member of [...(type.fields ?? []), ...(type.inputFields ?? []), ...(type.enumValues ?? [])]) {
      if (hit(member)) found.push(element('li', {}, typeLink(type.name, `${type.name}.${member.name}`)));
    }
  }
  const more = found.length > FOUND_MAX ? `（前 ${FOUND_MAX} 项 first ${FOUND_MAX}）` : '';
  byId('reference-body').replaceChildren(
    element('p', {}, `找到 ${found.length} 项 found${more}`),
    element('ul', {}, ...found.slice(0, FOUND_MAX)),
  );
}

// ---------------------------------------------------------------- wiring

byId('request').addEventListener('submit', (event) => { event.preventDefault(); run(); });
byId('request').addEventListener('keydown', (event) => {
  if (event.key === 'Enter' && (event.ctrlKey || event.metaKey)) { event.preventDefault(); run(); }
});
byId('stop').addEventListener('click', () => running?.abort());
byId('search').addEventListener('input', () => search(byId('search').value));
byId('reference-load').addEventListener('click', loadReference);
byId('reference-back').addEventListener('click', () => {
  reference.trail.pop();
  const last = reference.trail.at(-1);
  if (last) drawType(last); else drawOverview();
});
byId('reference-toggle').addEventListener('click', () => {
  const hidden = !byId('reference').hidden;
  byId('reference').hidden = hidden;
  byId('reference-toggle').setAttribute('aria-expanded', String(!hidden));
});
byId('theme').addEventListener('click', () => {
  const root = document.documentElement;
  const dark = root.dataset.theme ? root.dataset.theme === 'dark' : matchMedia('(prefers-color-scheme: dark)').matches;
  root.dataset.theme = dark ? 'light' : 'dark';
  byId('theme').setAttribute('aria-pressed', String(!dark));
});

function choose(example) {
  queryEditor.set(example.query);
  variablesEditor.set(example.variables ? JSON.stringify(example.variables, null, 2) : '');
}

byId('example').replaceChildren(...EXAMPLES.map((example, index) => element('option', { value: String(index) }, example.title)));
byId('example').addEventListener('change', () => choose(EXAMPLES[Number(byId('example').value)]));
choose(EXAMPLES[0]);
loadReference();
