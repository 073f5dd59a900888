/** Says that it is still to come, and fails, so that nobody takes silence for success. */
process.stderr.write('bench: not there yet (measures compile, cold and warm runs; nothing is measured yet)\n');
process.exit(1);
