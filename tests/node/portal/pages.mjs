// Every page of the portal that anybody can open, with the name of its picture.

/** @param {{samples: Record<string, string>}} site */
export function pages({ samples }) {
  const { uscc, listedUscc } = samples;
  const found = (q) => `/search?q=${encodeURIComponent(q)}`;
  return [
    { name: 'home', path: '/' },
    { name: 'search', path: found('物流') },
    { name: 'search-nothing', path: found('没有这个名称') },
    { name: 'search-fault', path: found('东'), status: 400 },
    { name: 'subject', path: `/subjects/${uscc}` },
    { name: 'subject-listed', path: `/subjects/${listedUscc}` },
    { name: 'records', path: `/subjects/${uscc}/administrative-licence` },
    { name: 'report', path: `/subjects/${uscc}/report` },
    { name: 'publicity', path: '/publicity?item=administrative-penalty' },
    { name: 'publicity-fault', path: '/publicity?from=2026-02-31', status: 400 },
    { name: 'lists', path: '/lists' },
    { name: 'list', path: '/lists/serious-dishonesty' },
    { name: 'measures', path: '/measures' },
    { name: 'statistics', path: '/statistics' },
    { name: 'guide', path: '/guide' },
    { name: 'tipoff', path: '/tipoffs' },
    { name: 'tipoff-files', path: '/tipoffs/files' },
    { name: 'tipoff-progress', path: '/tipoffs/progress' },
    { name: 'receipts', path: '/receipts' },
    { name: 'receipts-fault', path: '/receipts?receipt=x', status: 400 },
    { name: 'transparency', path: '/transparency' },
    { name: 'not-found', path: '/nowhere', status: 404 },
  ];
}
