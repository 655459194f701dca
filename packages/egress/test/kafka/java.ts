/** The JVM and what install.sh fetched for it. */
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);
const lib = join(import.meta.dirname, '../../.tmp/kafka/lib');
/** Short-lived processes: starting fast matters more than running fast. */
export const javaOptions = ['-Xmx384m', '-XX:TieredStopAtLevel=1', '-XX:+UseSerialGC', '-cp', join(lib, '*')];

/** Why there is no broker here, or undefined. Throws where there has to be one: with CI=true. */
export async function kafkaMissing(): Promise<string | undefined> {
  const reason = existsSync(join(lib, 'pom.xml'))
    ? await run('java', ['-version']).then(
        () => undefined,
        () => 'there is no java on the PATH',
      )
    : 'Kafka is not installed: npm run kafka -w packages/egress';
  if (reason && process.env.CI) throw new Error(reason);
  return reason;
}

/** What a class of Kafka's prints. */
export async function java(main: string, ...args: string[]): Promise<string> {
  const { stdout } = await run('java', [...javaOptions, main, ...args], { maxBuffer: 64 * 1024 * 1024 });
  return stdout;
}

/** A key pair for 127.0.0.1 as the broker wants it, and its certificate as a client does. */
export async function certificate(folder: string): Promise<string> {
  const store = join(folder, 'keystore.p12');
  const which = ['-keystore', store, '-storepass', 'changeit', '-alias', 'broker'];
  const subject = ['-dname', 'CN=localhost', '-ext', 'san=ip:127.0.0.1,dns:localhost'];
  await run('keytool', [
    '-genkeypair',
    ...which,
    '-storetype',
    'PKCS12',
    '-keyalg',
    'RSA',
    '-validity',
    '7',
    ...subject,
  ]);
  const caFile = join(folder, 'ca.pem');
  await run('keytool', ['-exportcert', '-rfc', ...which, '-file', caFile]);
  return caFile;
}
