/** The process that `downloadMongod` starts. Its environment configures it, and it prints the result as `mongod: <path>`. */
import { MongoBinary } from 'mongodb-memory-server-core';

try {
  const binary = await MongoBinary.getPath();
  process.stdout.write(`\nmongod: ${binary}\n`);
} catch (error) {
  const message = error instanceof Error ? error.message : String(error);
  process.stderr.write(`${message.replaceAll(/\s+/g, ' ')}\n`);
  process.exitCode = 1;
}
