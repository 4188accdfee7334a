// The last line of a run of several: `N passed, N failed` of all that counted into a file, by the reporter. A run that
// ended badly without having counted a failure (it could not even begin, say) is one.
import { existsSync, readFileSync } from 'node:fs';

const [file = '', status = '1'] = process.argv.slice(2);
const none = { passed: 0, failed: 0, skipped: 0, failures: [] };
const { passed, failed, skipped, failures } = existsSync(file)
  ? JSON.parse(readFileSync(file, 'utf8'))
  : none;
const tail = skipped > 0 ? `, ${skipped} skipped` : '';
console.log();
for (const name of failures) console.log(`failed: ${name}`);
console.log(`${passed} passed, ${status === '0' ? failed : Math.max(failed, 1)} failed${tail}`);
