// node mqtt_client.cjs PORT MQTT_VERSION REQUEST [RESPONSE_TOPIC CORRELATION EXPIRY_S]: MQTT.js as
// anybody's client of the fleet. Publishes the request and prints each answer as one line of JSON,
// until one that is the last.
const { createRequire } = require('node:module');
const path = require('node:path');

const packages = createRequire(path.join(__dirname, '../../build/npm/package.json'));
const mqtt = packages('mqtt');

const [port, version, request, responseTopic, correlation, expiry] = process.argv.slice(2);
const answers = responseTopic ?? `fleet/v1/response/local/${JSON.parse(request).id}`;
const properties = responseTopic && {
  responseTopic,
  correlationData: Buffer.from(correlation),
  messageExpiryInterval: Number(expiry),
};

const client = mqtt.connect(`mqtt://127.0.0.1:${port}`, { protocolVersion: Number(version) });
let ended = false;
client.on('error', (error) => {
  if (!ended) { // Mosquitto may reset a connection that has said goodbye
    console.error(error.message);
    process.exit(1);
  }
});
client.on('message', (topic, payload, packet) => {
  const answer = JSON.parse(payload);
  console.log(JSON.stringify({
    topic,
    answer,
    correlation: packet.properties?.correlationData?.toString() ?? null,
  }));
  if (['done', 'rejected'].includes(answer.event)) {
    ended = true;
    client.end();
  }
});
client.on('connect', async () => {
  await client.subscribeAsync(answers, { qos: 1 });
  await client.publishAsync('fleet/v1/command', request, { qos: 1, properties });
});
