// node asyncapi.cjs FILE: AsyncAPI's own parser over a document; one problem a line, exit code 1 if
// there is any worse than a hint.
const { createRequire } = require('node:module');
const path = require('node:path');

const packages = createRequire(path.join(__dirname, '../../build/npm/package.json'));
const { Parser, fromFile } = packages('@asyncapi/parser');

const WARNING = 1; // 0 error, 1 warning, 2 information, 3 hint

fromFile(new Parser(), process.argv[2]).parse().then(({ document, diagnostics }) => {
  const problems = diagnostics.filter((each) => each.severity <= WARNING);
  for (const each of problems) {
    console.log(`${each.path.join('.')}: ${each.message}`);
  }
  if (document === undefined && problems.length === 0) {
    console.log('no document');
  }
  process.exitCode = document === undefined || problems.length > 0 ? 1 : 0;
});
