/** Group `ssh`: what both sides of an SSH connection say before it goes dark, on any port. Never a model input. */
import type { SshSummary } from '../protocol/ssh/ssh-reader.ts';
import type { FactNumbers, FactWriter } from './facts.ts';
import type { FeatureRows } from './spec.ts';

const NO_CLIENT = 'No identification string of the initiator was read.';
const NO_SERVER = 'No identification string of the responder was read.';

export const SSH = {
  ssh_client: { type: 'utf8', doc: 'Identification string of the initiator (RFC 4253 4.2).', nulls: NO_CLIENT },
  ssh_server: { type: 'utf8', doc: 'Identification string of the responder (RFC 4253 4.2).', nulls: NO_SERVER },
  hassh: {
    type: 'utf8',
    doc: "HASSH of the initiator's key exchange init (Salesforce, 2018).",
    nulls: 'No key exchange init of the initiator was read.',
  },
  hassh_server: {
    type: 'utf8',
    doc: "HASSH of the responder's key exchange init, as of a server (Salesforce, 2018).",
    nulls: 'No key exchange init of the responder was read.',
  },
} as const satisfies FeatureRows;

/** HASSH of one side, as if it were a client and as if it were a server. */
export interface Hasshes {
  readonly hassh: string;
  readonly hasshServer: string;
}

/** @param forward the side (0 for A, 1 for B) that is the initiator */
export function writeSsh(
  facts: FactWriter,
  at: FactNumbers<typeof SSH>,
  ssh: SshSummary<Hasshes>,
  forward: number,
): void {
  const client = ssh[forward]!;
  const server = ssh[1 - forward]!;
  facts.text(at.ssh_client, client.banner);
  facts.text(at.ssh_server, server.banner);
  facts.text(at.hassh, client.kex?.hassh ?? null);
  facts.text(at.hassh_server, server.kex?.hasshServer ?? null);
}
