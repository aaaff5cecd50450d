/**
 * An editor talking to a language server (Language Server Protocol 3.17): JSON-RPC behind a Content-Length header, over TCP or
 * whatever carries it. Notifications while somebody types, completions asked for and answered, diagnostics that arrive unasked a
 * moment later. JSON-RPC of a miner's size, at a person's rhythm.
 *
 * Typing: bursts of log-normal gaps around 0.3 s (edits are sent debounced; keys after Dhakal et al., CHI 2018); sizes of
 * completions and files are chosen, a tenth of what servers return.
 */
import type { Prng } from '../../../../core/prng.ts';
import { type Dialogue, drawn, letters, Script, SECOND_US, serverThinkUs } from '../message.ts';
import { bursts, timer } from '../rhythm.ts';

const framed = (json: string) => `Content-Length: ${json.length}\r\n\r\n${json}`;
const notification = (method: string, params: string) =>
  framed(`{"jsonrpc":"2.0","method":"${method}","params":${params}}`);

interface ServerHabits {
  readonly completionBytes: number;
  readonly diagnosticsDelayUs: number;
  readonly wholeFile: boolean;
  /** Progress or status told at this period; 0: never. */
  readonly statusUs: number;
  readonly root: string;
}

function drawHabits(operator: Prng): ServerHabits {
  return {
    completionBytes: operator.between(200, 1_200),
    diagnosticsDelayUs: operator.pick([80, 200, 500, 1_200]) * 1_000,
    wholeFile: operator.chance(0.2), // full text synchronisation instead of ranges
    statusUs: operator.pick([0, 0, 10, 30, 60]) * SECOND_US,
    root: letters(operator, operator.integer(12, 70)),
  };
}

export const languageServer: Dialogue = {
  name: 'language-server',
  label: 'other',
  ports: [2087, 6005, 443],
  play({ prng, operator, durationUs }) {
    const script = new Script();
    const habits = drawHabits(operator);
    const uri = `file:///${habits.root}/${letters(prng, prng.integer(4, 30))}.ts`;
    let id = 0;
    const requestText = (method: string, params: string) =>
      framed(`{"jsonrpc":"2.0","id":${id},"method":"${method}","params":${params}}`);
    const result = (body: string) => framed(`{"jsonrpc":"2.0","id":${id++},"result":${body}}`);

    const hello = script.say(
      'client',
      prng.integer(300, 20_000),
      requestText(
        'initialize',
        `{"processId":${prng.integer(300, 60_000)},"capabilities":"${letters(prng, prng.integer(1_500, 6_000))}"}`,
      ),
    );
    const capabilities = result(`{"capabilities":"${letters(operator, operator.integer(600, 2_600))}"}`);
    const welcome = script.reply(hello, capabilities, drawn(prng, 80_000, 0.8, 5_000, 3 * SECOND_US));
    const ready = script.reply(welcome, notification('initialized', '{}'), prng.integer(200, 5_000));
    const fileBytes = drawn(prng, 2_000, 0.8, 200, habits.wholeFile ? 3_000 : 12_000);
    const document = (text: string) => `{"textDocument":{"uri":"${uri}","version":1,"text":"${text}"}}`;
    script.follow(ready, notification('textDocument/didOpen', document(letters(prng, fileBytes))), 500, SECOND_US);

    let version = 2;
    for (const burst of bursts(prng.fork('edits'), { quietUs: 60 * SECOND_US, more: 9, gapUs: 300_000 }, durationUs)) {
      let lastEdit = ready;
      for (const atUs of burst) {
        const line = prng.integer(0, 400);
        const position = `"line":${line},"character":${prng.integer(0, 80)}`;
        const change = habits.wholeFile
          ? `{"text":"${letters(prng, fileBytes)}"}`
          : `{"range":{"start":{${position}},"end":{${position}}},"text":"${letters(prng, 1)}"}`;
        const edit = `{"textDocument":{"uri":"${uri}","version":${version++}},"contentChanges":[${change}]}`;
        lastEdit = script.follow(ready, notification('textDocument/didChange', edit), 0, atUs + 2 * SECOND_US);
        if (!prng.chance(0.35)) continue;
        const method = prng.pick(['completion', 'completion', 'hover', 'signatureHelp']);
        const where = `{"textDocument":{"uri":"${uri}"},"position":{${position}}}`;
        const asked = script.follow(lastEdit, requestText(`textDocument/${method}`, where), prng.integer(100, 2_000));
        const found = `"${letters(prng, drawn(prng, habits.completionBytes, 0.9, 20, 9_000))}"`;
        script.reply(asked, result(found), drawn(prng, 15_000, 0.8, 500, SECOND_US));
      }
      const problems = Math.floor(prng.exponential(1.2));
      const list = Array.from(
        { length: problems },
        () => `{"severity":1,"message":"${letters(prng, prng.integer(20, 90))}"}`,
      );
      const diagnostics = notification('textDocument/publishDiagnostics', `{"uri":"${uri}","diagnostics":[${list}]}`);
      script.reply(lastEdit, diagnostics, habits.diagnosticsDelayUs + serverThinkUs(prng));
    }
    if (habits.statusUs > 0) {
      for (const atUs of timer(prng.fork('status'), habits.statusUs, 30_000, durationUs)) {
        const status = notification('$/progress', `{"token":"${habits.root.slice(0, 12)}","value":{"kind":"report"}}`);
        script.follow(welcome, status, 0, atUs);
      }
    }
    return script.messages;
  },
};
