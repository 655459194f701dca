import { createJsonlWriter, readJsonl } from '@runnel/pubsub';

const channel = process.argv[2] ?? 'http://127.0.0.1:7800/greetings';

const writer = createJsonlWriter(channel, { create: true });
await writer.write('{"hello":"world"}');

const reader = readJsonl(channel, { from: 'oldest' });
for await (const lines of reader) {
  for (const { seq, value } of lines) console.log(`segment ${seq}:`, value);
  void writer.close(); // Ends the channel, and with it the loop.
}
const { linesAcknowledged, linesUnacknowledged } = await writer.close();
console.log(reader.subscription.end, { linesAcknowledged, linesUnacknowledged });
