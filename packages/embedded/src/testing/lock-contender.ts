/**
 * A process that, told to by its parent, tries to take a folder and tells how it went. A test starts several.
 */
import { FolderInUseError, lockFolder } from '../lock-folder.ts';

process.on('message', async (dataDir: string) => {
  try {
    const lock = await lockFolder(dataDir);
    await lock.update({ mongodbUri: 'mongodb://127.0.0.1:1' });
    process.send?.('won');
  } catch (error) {
    process.send?.(error instanceof FolderInUseError ? 'refused' : String(error));
  }
});
process.send?.('ready');
