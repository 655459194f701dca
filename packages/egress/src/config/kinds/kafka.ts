import { z } from 'zod';
import { kafkaSink, needKafka } from '../../kafka.ts';
import { given, key, sinkKind } from '../kind.ts';

/** `KAFKA_BOOTSTRAP_SERVERS`, `KAFKA_TOPIC`, and SASL PLAIN over TLS with `KAFKA_SASL_USERNAME` and `KAFKA_SASL_PASSWORD`. EGRESS 1.18. */
export const kafka = sinkKind({
  schema: z.strictObject({
    brokers: z.array(z.string().refine(isAddress, 'must be host:port, such as kafka.example.com:9092')).min(1),
    topic: z
      .string()
      .regex(/^[\w.-]{1,249}$/, 'is no name of a topic')
      .optional(),
    sasl: z.strictObject({ username: z.string().min(1), password: key }).optional(),
    tls: z.union([z.boolean(), z.strictObject({ caFile: z.string().min(1) })]).optional(),
    createTopic: z.boolean().optional(),
  }),
  remote: true,
  fromEnv(env) {
    const brokers = env.list('KAFKA_BOOTSTRAP_SERVERS');
    if (brokers.length === 0) return [];
    const username = env.text('KAFKA_SASL_USERNAME');
    const password = env.text('KAFKA_SASL_PASSWORD');
    if ((username === undefined) !== (password === undefined)) {
      env.problem('KAFKA_SASL_USERNAME', 'and KAFKA_SASL_PASSWORD go together, one is missing');
    }
    const sasl = username !== undefined && password !== undefined ? { username, password } : undefined;
    return [given({ brokers, topic: env.text('KAFKA_TOPIC'), sasl })];
  },
  async open(config, name) {
    await needKafka();
    return kafkaSink(given({ ...config, name }));
  },
});

/** A host alone would get a port that nobody has said, and a port that none can have looks like a broker that is down. */
function isAddress(text: string): boolean {
  const port = Number(/^(?:[^\s:/[\]]+|\[[^\s\]]+\]):(\d{1,5})$/.exec(text)?.[1]);
  return port >= 1 && port <= 65_535;
}
