/** The configuration of the broker: one node that is broker and controller, with a plain and a SASL_SSL listener. */

export const KAFKA_USER = 'runnel';
export const KAFKA_PASSWORD = 'a secret';

export function properties(of: { folder: string; plain: number; secure: number; controller: number }): string {
  const listeners = `PLAINTEXT://127.0.0.1:${of.plain},SASL_SSL://127.0.0.1:${of.secure}`;
  const login = 'org.apache.kafka.common.security.plain.PlainLoginModule';
  return Object.entries({
    'process.roles': 'broker,controller',
    'node.id': '1',
    'controller.quorum.voters': `1@127.0.0.1:${of.controller}`,
    'controller.listener.names': 'CONTROLLER',
    listeners: `${listeners},CONTROLLER://127.0.0.1:${of.controller}`,
    'advertised.listeners': listeners,
    'listener.security.protocol.map': 'PLAINTEXT:PLAINTEXT,SASL_SSL:SASL_SSL,CONTROLLER:PLAINTEXT',
    'inter.broker.listener.name': 'PLAINTEXT',
    'sasl.enabled.mechanisms': 'PLAIN',
    'listener.name.sasl_ssl.plain.sasl.jaas.config': `${login} required user_${KAFKA_USER}="${KAFKA_PASSWORD}";`,
    'ssl.keystore.type': 'PKCS12',
    'ssl.keystore.location': `${of.folder}/keystore.p12`,
    'ssl.keystore.password': 'changeit',
    'log.dirs': `${of.folder}/data`,
    'auto.create.topics.enable': 'true',
    'num.partitions': '3',
    'offsets.topic.replication.factor': '1',
    'transaction.state.log.replication.factor': '1',
    'transaction.state.log.min.isr': '1',
  })
    .map(([name, value]) => `${name}=${value}\n`)
    .join('');
}
