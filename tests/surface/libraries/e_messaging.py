"""Message brokers and queues."""

from __future__ import annotations

from tests.surface.paths import CallPath, Library

TITLE = "Messaging"

NATIVE = "the `native` hook"


def loop(call: str) -> str:
    """A program for asyncio."""
    return f"async def main():\n    {call}\nrun(main())"


LIBRARIES = (
    Library(
        "pika",
        (
            CallPath(
                "BlockingConnection",
                "pika.BlockingConnection(pika.ConnectionParameters(NAME, PORT, connection_attempts=1))",
            ),
            CallPath(
                "AsyncioConnection",
                loop(
                    "pika.adapters.asyncio_connection.AsyncioConnection("
                    "pika.ConnectionParameters(NAME, PORT, connection_attempts=1)); await asyncio.sleep(2)"
                ),
            ),
        ),
        ("pika",),
        "import pika, pika.adapters.asyncio_connection",
    ),
    Library(
        "aio-pika",
        (CallPath("connect", loop("await aio_pika.connect('amqp://%s:%d/' % (NAME, PORT))")),),
        ("aio-pika",),
        "import aio_pika",
    ),
    Library(
        "kombu",
        (
            CallPath("Connection, amqp", "kombu.Connection('amqp://%s:%d//' % (NAME, PORT)).connect()"),
            CallPath(
                "Connection, redis", "kombu.Connection('redis://%s:%d/0' % (NAME, PORT)).default_channel"
            ),
        ),
        ("kombu", "amqp", "redis"),
        "import kombu",
    ),
    Library(
        "celery",
        (
            CallPath(
                "Task.delay",
                "app = celery.Celery(broker='redis://%s:%d/0' % (NAME, PORT))\n"
                "app.conf.broker_connection_retry_on_startup = False\n"
                "app.send_task('x', retry=False)",
            ),
        ),
        ("celery", "redis"),
        "import celery",
    ),
    Library(
        "kafka-python",
        (
            CallPath(
                "KafkaProducer",
                "kafka.KafkaProducer(bootstrap_servers='%s:%d' % (NAME, PORT), api_version=(2, 5)); import time\n"
                "time.sleep(2)",
            ),
        ),
        ("kafka-python",),
        "import kafka",
    ),
    Library(
        "aiokafka",
        (
            CallPath(
                "AIOKafkaProducer.start",
                loop("await aiokafka.AIOKafkaProducer(bootstrap_servers='%s:%d' % (NAME, PORT)).start()"),
            ),
        ),
        ("aiokafka",),
        "import aiokafka",
    ),
    Library(
        "confluent-kafka",
        (
            CallPath(
                "Producer",
                "confluent_kafka.Producer({'bootstrap.servers': '%s:%d' % (NAME, PORT)}).poll(3)",
            ),
        ),
        ("confluent-kafka",),
        "import confluent_kafka",
        reason="librdkafka calls libc's getaddrinfo in threads of its own",
        remedy=NATIVE,
    ),
    Library(
        "nats-py",
        (
            CallPath(
                "connect",
                loop(
                    "await nats.connect('nats://%s:%d' % (NAME, PORT), allow_reconnect=False, connect_timeout=2)"
                ),
            ),
        ),
        ("nats-py",),
        "import nats",
    ),
    Library(
        "stomp.py",
        (
            CallPath(
                "Connection.connect",
                "stomp.Connection([(NAME, PORT)], reconnect_attempts_max=1).connect(wait=False)",
            ),
        ),
        ("stomp.py",),
        "import stomp",
    ),
    Library(
        "paho-mqtt",
        (
            CallPath(
                "Client.connect",
                "paho.mqtt.client.Client(paho.mqtt.enums.CallbackAPIVersion.VERSION2).connect(NAME, PORT)",
            ),
        ),
        ("paho-mqtt",),
        "import paho.mqtt.client, paho.mqtt.enums",
    ),
    Library(
        "aiomqtt",
        (
            CallPath(
                "Client",
                loop("async with aiomqtt.Client(NAME, PORT, timeout=2): pass"),
            ),
        ),
        ("aiomqtt",),
        "import aiomqtt",
    ),
    Library(
        "pulsar-client",
        (
            CallPath(
                "Client.subscribe",
                "pulsar.Client('pulsar://%s:%d' % (NAME, PORT), operation_timeout_seconds=3)"
                ".subscribe('t', 's')",
            ),
        ),
        ("pulsar-client",),
        "import pulsar",
        reason="its C++ client calls libc's getaddrinfo in threads of its own",
        remedy=NATIVE,
    ),
    Library(
        "pyzmq",
        (
            CallPath(
                "Socket.connect",
                "s = zmq.Context().socket(zmq.REQ); s.connect('tcp://%s:%d' % (NAME, PORT)); import time\n"
                "s.send(b'x'); time.sleep(3)",
            ),
            CallPath(
                "asyncio Socket.connect",
                loop(
                    "s = zmq.asyncio.Context().socket(zmq.REQ); s.connect('tcp://%s:%d' % (NAME, PORT));"
                    " await asyncio.sleep(3)"
                ),
            ),
        ),
        ("pyzmq",),
        "import zmq, zmq.asyncio",
        reason="libzmq calls libc's getaddrinfo in its I/O thread, again at each reconnection",
        remedy="connect to `steadydns.resolve(name)[0]`, or " + NATIVE,
    ),
    Library(
        "greenstalk",
        (CallPath("Client", "greenstalk.Client((NAME, PORT))"),),
        ("greenstalk",),
        "import greenstalk",
    ),
    Library(
        "kazoo",
        (
            CallPath(
                "KazooClient.start",
                "kazoo.client.KazooClient('%s:%d' % (NAME, PORT)).start(timeout=2)",
            ),
        ),
        ("kazoo",),
        "import kazoo.client",
    ),
)
