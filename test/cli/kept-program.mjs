/**
 * Runs the program again and again in one process, as its parent asks (kept.ts). Each run executes dist/cli/main.js anew;
 * what that imports is loaded once, so that only the first run pays for it.
 */
import { Readable } from 'node:stream';
import { pathToFileURL } from 'node:url';

const [main, mark] = process.argv.slice(2);
let runs = 0;

/** As much as a pipe gives at once. */
const PIPE_BYTES = 65_536;

function* piecesOf(bytes) {
  for (let at = 0; at < bytes.length; at += PIPE_BYTES) yield Buffer.from(bytes.subarray(at, at + PIPE_BYTES));
}

process.on('message', async ({ args, cwd, input }) => {
  process.argv = [process.execPath, main, ...args];
  process.chdir(cwd);
  process.exitCode = undefined;
  Object.defineProperty(process, 'stdin', { value: Readable.from(piecesOf(input)), configurable: true });
  runs++;
  await import(`${pathToFileURL(main)}?run=${runs}`);
  const code = process.exitCode ?? 0;
  // What a run leaves on the process itself would have ended with it.
  process.exitCode = undefined;
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.removeAllListeners(signal);
  process.stderr.removeAllListeners('error');
  process.stdout.write(mark);
  process.stderr.write(mark);
  process.send({ code });
});
