// Composes the SDL of chengxin's subgraph (standard input) with a small subgraph of a service hall, and prints the API schema of both.
// Exit codes: 0 composed, 1 with the errors of the composition.

import { readFileSync } from 'node:fs';
import { composeServices } from '@apollo/composition';
import { parse } from 'graphql';

const hall = `
  extend schema @link(url: "https://specs.apollo.dev/federation/v2.3", import: ["@key", "@external"])

  type Matter { number: String! title: String! applicant: Subject! }
  type Subject @key(fields: "uscc") { uscc: String matters: [Matter!]! }
  type Query { matter(number: String!): Matter }
`;
const services = [
  { name: 'chengxin', typeDefs: parse(readFileSync(0, 'utf8')), url: 'http://chengxin.example/subgraph' },
  { name: 'hall', typeDefs: parse(hall), url: 'http://hall.example/graphql' },
];
const composed = composeServices(services);
if (composed.errors) {
  for (const error of composed.errors) console.error(error.message);
  process.exit(1);
}
console.log(composed.schema.toAPISchema().toString ? composed.supergraphSdl : '');
for (const hint of composed.hints ?? []) console.error(`hint: ${hint.message}`);
