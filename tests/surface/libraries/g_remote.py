"""Remote calls, cloud services, directories, shells and mail."""

from __future__ import annotations

from tests.surface.paths import CallPath, Library

TITLE = "Remote calls and services"

CARES = "c-ares inside its C core"


def loop(call: str) -> str:
    """A program for asyncio."""
    return f"async def main():\n    {call}\nrun(main())"


UNARY = "grpc.insecure_channel('%s:%d' % (NAME, PORT)).unary_unary('/x/y')(b'', timeout=3)"

LIBRARIES = (
    Library(
        "grpcio",
        (
            CallPath("insecure_channel", UNARY),
            CallPath(
                "insecure_channel, dns:///",
                UNARY.replace("'%s:%d'", "'dns:///%s:%d'"),
            ),
            CallPath(
                "secure_channel",
                "grpc.secure_channel('%s:%d' % (NAME, PORT), grpc.ssl_channel_credentials())"
                ".unary_unary('/x/y')(b'', timeout=3)",
            ),
            CallPath(
                "aio.insecure_channel",
                loop(
                    "await grpc.aio.insecure_channel('%s:%d' % (NAME, PORT)).unary_unary('/x/y')(b'', timeout=3)"
                ),
            ),
        ),
        ("grpcio",),
        "import grpc, grpc.aio",
        hook="grpc",
    ),
    Library(
        "grpcio, native resolver",
        (CallPath("insecure_channel", UNARY),),
        ("grpcio",),
        "import grpc",
        {"GRPC_DNS_RESOLVER": "native"},
        reason="`GRPC_DNS_RESOLVER=native` makes its core call libc's getaddrinfo",
        remedy="do without the setting and use the `grpc` hook, or the `native` hook",
    ),
    Library(
        "grpclib",
        (
            CallPath(
                "Channel",
                loop("await grpclib.client.Channel(NAME, PORT).__connect__()"),
            ),
        ),
        ("grpclib",),
        "import grpclib.client",
    ),
    Library(
        "etcd3",
        (CallPath("client.get", "etcd3.client(NAME, PORT, timeout=3).get('x')"),),
        ("etcd3", "grpcio"),
        "import etcd3",
        {"PROTOCOL_BUFFERS_PYTHON_IMPLEMENTATION": "python"},
        hook="grpc",
    ),
    Library(
        "boto3",
        (
            CallPath(
                "S3 list_buckets",
                "boto3.client('s3', endpoint_url='http://%s:%d' % (NAME, PORT), region_name='x',"
                " aws_access_key_id='k', aws_secret_access_key='s').list_buckets()",
            ),
        ),
        ("boto3",),
        "import boto3",
    ),
    Library(
        "aiobotocore",
        (
            CallPath(
                "S3 list_buckets",
                loop(
                    "async with aiobotocore.session.get_session().create_client('s3', region_name='x',"
                    " endpoint_url='http://%s:%d' % (NAME, PORT), aws_access_key_id='k',"
                    " aws_secret_access_key='s') as c: await c.list_buckets()"
                ),
            ),
        ),
        ("aiobotocore", "aiohttp", "aiodns"),
        "import aiobotocore.session",
        hook="aiohttp",
    ),
    Library(
        "minio",
        (
            CallPath(
                "Minio.list_buckets",
                "minio.Minio(endpoint='%s:%d' % (NAME, PORT), secure=False).list_buckets()",
            ),
        ),
        ("minio",),
        "import minio",
    ),
    Library(
        "hvac",
        (
            CallPath(
                "Client.sys.read_health_status",
                "hvac.Client('http://%s:%d' % (NAME, PORT)).sys.read_health_status()",
            ),
        ),
        ("hvac",),
        "import hvac",
    ),
    Library(
        "docker",
        (CallPath("DockerClient.ping", "docker.DockerClient('tcp://%s:%d' % (NAME, PORT)).ping()"),),
        ("docker",),
        "import docker",
    ),
    Library(
        "kubernetes",
        (
            CallPath(
                "CoreV1Api.list_namespace",
                "c = kubernetes.client.Configuration('http://%s:%d' % (NAME, PORT))\n"
                "kubernetes.client.CoreV1Api(kubernetes.client.ApiClient(c)).list_namespace()",
            ),
        ),
        ("kubernetes",),
        "import kubernetes.client",
    ),
    Library(
        "paramiko",
        (CallPath("SSHClient.connect", "paramiko.SSHClient().connect(NAME, PORT, timeout=3)"),),
        ("paramiko",),
        "import paramiko",
    ),
    Library(
        "asyncssh",
        (CallPath("connect", loop("await asyncssh.connect(NAME, PORT)")),),
        ("asyncssh",),
        "import asyncssh",
    ),
    Library(
        "ldap3",
        (CallPath("Connection.bind", "ldap3.Connection(ldap3.Server(NAME, PORT)).bind()"),),
        ("ldap3",),
        "import ldap3",
    ),
    Library(
        "aiosmtplib",
        (
            CallPath(
                "SMTP.connect", loop("await aiosmtplib.SMTP(hostname=NAME, port=PORT, timeout=3).connect()")
            ),
        ),
        ("aiosmtplib",),
        "import aiosmtplib",
    ),
    Library(
        "aioftp",
        (CallPath("Client.connect", loop("await aioftp.Client().connect(NAME, PORT)")),),
        ("aioftp",),
        "import aioftp",
    ),
    Library(
        "pymodbus",
        (
            CallPath("ModbusTcpClient.connect", "pymodbus.client.ModbusTcpClient(NAME, port=PORT).connect()"),
            CallPath(
                "AsyncModbusTcpClient.connect",
                loop("await pymodbus.client.AsyncModbusTcpClient(NAME, port=PORT).connect()"),
            ),
        ),
        ("pymodbus",),
        "import pymodbus.client",
    ),
    Library(
        "pyModbusTCP",
        (CallPath("ModbusClient.open", "pyModbusTCP.client.ModbusClient(NAME, PORT).open()"),),
        ("pyModbusTCP",),
        "import pyModbusTCP.client",
    ),
    Library(
        "asyncua",
        (
            CallPath(
                "Client.connect",
                loop("await asyncua.Client('opc.tcp://%s:%d/' % (NAME, PORT), timeout=2).connect()"),
            ),
        ),
        ("asyncua",),
        "import asyncua",
    ),
)
