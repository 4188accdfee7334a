/** A process that tries to lock the folder its parent names, and reports the outcome. Tests start several. */
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
