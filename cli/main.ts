#!/usr/bin/env node
/**
 * The program `flowlamp` begins here, with what has to come before anything else is loaded: the program itself is in
 * program.ts.
 */

// Stacks then name lines of the sources; maps are read only of what is loaded from here on.
if (process.env['FLOWLAMP_DEBUG'] !== undefined) process.setSourceMapsEnabled(true);

const { runProgram } = await import('./program.ts');

process.exitCode = await runProgram();
