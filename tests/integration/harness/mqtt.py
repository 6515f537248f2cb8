"""A person's or a printer's MQTT client: requests, responses, topics."""
import collections
import json
import threading
import time
import uuid

import paho.mqtt.client as paho
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from paho.mqtt.subscribeoptions import SubscribeOptions

from harness import contract, wait

FLEET = "fleet/v1"

Message = collections.namedtuple("Message", "topic payload retain correlation at")


class Client:
    """MQTT 5, connected inside `with`. Everything that arrives is kept in `messages`; at the end of
    the block all of it that is of the fleet's topics must follow the contract."""

    def __init__(self, port, user=None, password=None, client_id=None, host="127.0.0.1",
                 author="local"):
        self.host, self.port = host, port
        self.login = (user, password)
        self.author = user or author
        self.messages = []
        self.lock = threading.Lock()
        self.reason = None
        self.subscribed = {}
        self.filters = []
        self.connects = 0
        self.acked = {}
        self.requests = []
        self.client = paho.Client(client_id=client_id or f"test-{uuid.uuid4().hex[:12]}",
                                  protocol=paho.MQTTv5)
        self.client.reconnect_delay_set(0.05, 1)
        if user is not None:
            self.client.username_pw_set(user, password)
        self.client.on_connect = self._on_connect
        self.client.on_message = self._on_message
        self.client.on_subscribe = self._on_subscribe
        # paho 1.6 hides a PUBACK's reason; this keeps it.
        handle = self.client._handle_pubackcomp

        def keep_reason(cmd):
            packet = bytes(self.client._in_packet["packet"])
            mid = int.from_bytes(packet[:2], "big")
            with self.lock:
                self.acked[mid] = packet[2] if len(packet) > 2 else 0
            return handle(cmd)

        self.client._handle_pubackcomp = keep_reason

    # -- paho's thread --
    def _on_connect(self, _client, _user, _flags, reason, _properties=None):
        for each, options in self.filters:
            self.client.subscribe(each, options=options)
        with self.lock:
            self.connects += 1
            self.reason = reason

    def _on_message(self, _client, _user, message):
        correlation = getattr(message.properties, "CorrelationData", None)
        with self.lock:
            self.messages.append(Message(message.topic, bytes(message.payload), message.retain,
                                         correlation, time.monotonic()))

    def _on_subscribe(self, _client, _user, mid, reasons, _properties=None):
        with self.lock:
            self.subscribed[mid] = [reason.value for reason in reasons]

    # -- The test's thread --
    def connect(self):
        self.client.connect(self.host, self.port, keepalive=60)
        self.client.loop_start()
        wait.until(lambda: self.reason is not None, "CONNACK", 15)
        return self

    def __enter__(self):
        self.connect()
        assert self.reason.value == 0, f"refused: {self.reason}"
        return self

    def __exit__(self, kind, *_):
        self.close()
        if kind is None:
            self.check_contract()

    def close(self):
        self.client.disconnect()
        self.client.loop_stop()

    def check_contract(self):
        """schema/ has the contract; of requests it is true for those that were not refused."""
        answers = collections.defaultdict(set)
        for each in self.messages:
            assert contract.message_problems(each.topic, each.payload) == [], each
            if contract.name_of(each.topic) == "response":
                document = json.loads(each.payload)
                answers[document["id"]].add(document["event"])
        for request in self.requests:
            events = answers.get(request.get("id"), {"rejected"})
            if "rejected" not in events:
                assert contract.problems("command", request) == [], request

    def subscribe(self, *filters, qos=1, retain_as_published=False):
        """Reason codes, one a filter (below 128: granted)."""
        options = SubscribeOptions(qos=qos, retainAsPublished=retain_as_published)
        result, mid = self.client.subscribe([(each, options) for each in filters])
        assert result == paho.MQTT_ERR_SUCCESS
        wait.until(lambda: mid in self.subscribed, "SUBACK", 15)
        self.filters += [(each, options) for each in filters]
        return self.subscribed[mid]

    def publish(self, topic, payload, qos=1, retain=False, **properties):
        """Waits for the broker's PUBACK and returns its reason code (0 or 16: taken; 0x87: refused)."""
        given = Properties(PacketTypes.PUBLISH)
        for name, value in properties.items():
            setattr(given, name, value)
        if contract.name_of(topic) == "command":
            self._note_request(payload)
        connects, subscribed = self.connects, len(self.subscribed)
        info = self.client.publish(topic, payload, qos, retain, given)
        if qos == 0:
            info.wait_for_publish(15)
            return None
        reason = wait.until(lambda: self._reason(info.mid), f"PUBACK for {topic}", 30)[0]
        if reason >= 0x80:
            # Mosquitto 2.0.11 cuts the connection of an MQTT 5 client behind such a PUBACK; the
            # next message would be lost in between.
            wait.until(lambda: self.connects > connects, "connected again", 15)
            wait.until(lambda: len(self.subscribed) >= subscribed + len(self.filters),
                       "subscribed again", 15)
        return reason

    def _note_request(self, payload):
        try:
            document = json.loads(payload)
        except (ValueError, RecursionError):
            return
        if isinstance(document, dict):
            self.requests.append(document)

    def _reason(self, mid):
        with self.lock:
            return (self.acked[mid],) if mid in self.acked else None

    def seen(self, topic=None, prefix=None):
        with self.lock:
            return [each for each in self.messages
                    if (topic is None or each.topic == topic)
                    and (prefix is None or each.topic.startswith(prefix))]

    def retained(self, pattern):
        """{topic: payload} of what is retained under the filter, by a subscription of its own."""
        user, password = self.login
        with Client(self.port, user, password, host=self.host) as other:
            assert other.subscribe(pattern)[0] < 128
            _quiet(other)
            return {each.topic: each.payload for each in other.seen() if each.retain}


def _quiet(client, for_s=0.3):
    """Until nothing came for a while."""
    count, since = -1, time.monotonic()
    while time.monotonic() - since < for_s:
        if len(client.seen()) != count:
            count, since = len(client.seen()), time.monotonic()
        time.sleep(0.02)


class Person(Client):
    """Who sends commands."""

    def __enter__(self):
        super().__enter__()
        reasons = self.subscribe(f"{FLEET}/response/{self.author}/#")
        assert reasons[0] < 128, reasons
        return self

    @property
    def command_topic(self):
        return f"{FLEET}/command" if self.author == "local" else f"{FLEET}/command/{self.author}"

    def send(self, command, target=None, args=None, request_id=None, **options):
        """Publishes a request and returns its id."""
        request_id = request_id or str(uuid.uuid4())
        request = {"id": request_id, "command": command}
        if target is not None:
            request["target"] = target
        if args is not None:
            request["args"] = args
        if options:
            request["options"] = options
        self.send_raw(json.dumps(request))
        return request_id

    def send_raw(self, payload, **properties):
        return self.publish(self.command_topic, payload, **properties)

    def responses(self, request_id="-"):
        """What has come so far, in order, as objects."""
        topic = f"{FLEET}/response/{self.author}/{request_id}"
        return [json.loads(each.payload) for each in self.seen(topic=topic)]

    def final(self, request_id, wait_s=60.0):
        """Waits for `done` or `rejected` and returns it."""
        def ended():
            return [each for each in self.responses(request_id)
                    if each["event"] in ("done", "rejected")]

        return wait.until(ended, f"an end of {request_id}", wait_s,
                          lambda: self.responses(request_id))[-1]

    def call(self, command, target=None, args=None, wait_s=60.0, request_id=None, **options):
        """Sends and returns the end: `done` or `rejected`. timeout_s is an option of the request."""
        return self.final(self.send(command, target, args, request_id, **options), wait_s)

    def ask(self, command, target=None, args=None, wait_s=30.0, **options):
        """As call(), but it must be done; returns its `result`."""
        done = self.call(command, target, args, wait_s, **options)
        assert done["event"] == "done", done
        return done.get("result", {})

    def executions(self, request_id):
        """{printer_id: execution} of a streamed command."""
        found = {}
        for response in self.responses(request_id):
            for execution in response.get("executions", []):
                found[execution["printer_id"]] = execution
        return found


def request_response(port, topic, payload, reply_topic, correlation, timeout_s=60.0, user=None,
                     password=None):
    """MQTT 5 request and response: the messages on the Response Topic, once one is there."""
    with Client(port, user, password) as client:
        client.subscribe(reply_topic)
        client.publish(topic, payload, ResponseTopic=reply_topic, CorrelationData=correlation)
        return wait.until(lambda: client.seen(topic=reply_topic), "a reply", timeout_s)
