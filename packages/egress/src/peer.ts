/** Libraries that only those install who use them. */
import { TrickleError } from '@runnel/protocol';

/** What `load` gives. Rejects with a TrickleError `invalid` that says how to install the package when it is not there. */
export async function loadPeer<Module>(name: string, version: string, load: () => Promise<Module>): Promise<Module> {
  try {
    return await load();
  } catch (cause) {
    const missing = (cause as NodeJS.ErrnoException).code === 'ERR_MODULE_NOT_FOUND';
    if (!missing || !String(cause).includes(name)) throw cause;
    throw new TrickleError('invalid', `${name} is not installed; this sink needs it: npm install ${name}@${version}`, {
      cause,
    });
  }
}
