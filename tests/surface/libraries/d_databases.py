"""Databases and caches."""

from __future__ import annotations

from tests.surface.paths import CallPath, Library

TITLE = "Databases and caches"

NATIVE = "the `native` hook"


def loop(call: str) -> str:
    """A program for asyncio."""
    return f"async def main():\n    {call}\nrun(main())"


LIBRARIES = (
    Library(
        "psycopg",
        (
            CallPath("connect", "psycopg.connect(host=NAME, port=PORT, connect_timeout=3)"),
            CallPath(
                "AsyncConnection.connect",
                loop("await psycopg.AsyncConnection.connect(host=NAME, port=PORT, connect_timeout=3)"),
            ),
        ),
        ("psycopg", "psycopg-binary"),
        "import psycopg",
    ),
    Library(
        "psycopg2",
        (
            CallPath("connect", "psycopg2.connect(host=NAME, port=PORT, connect_timeout=3)"),
            CallPath("connect, URL", "psycopg2.connect('postgresql://%s:%d/db' % (NAME, PORT))"),
        ),
        ("psycopg2-binary",),
        "import psycopg2",
        hook="psycopg2",
    ),
    Library(
        "asyncpg",
        (CallPath("connect", loop("await asyncpg.connect(host=NAME, port=PORT, user='u', timeout=3)")),),
        ("asyncpg",),
        "import asyncpg",
    ),
    Library(
        "asyncpg on uvloop",
        (
            CallPath(
                "connect",
                loop("await asyncpg.connect(host=NAME, port=PORT, user='u', timeout=3)").replace(
                    "run(", "uvloop.run("
                ),
            ),
        ),
        ("asyncpg", "uvloop"),
        "import asyncpg, uvloop",
        hook="uvloop",
    ),
    Library(
        "PyMySQL",
        (CallPath("connect", "pymysql.connect(host=NAME, port=PORT)"),),
        ("PyMySQL",),
        "import pymysql",
    ),
    Library(
        "aiomysql",
        (CallPath("connect", loop("await aiomysql.connect(host=NAME, port=PORT)")),),
        ("aiomysql",),
        "import aiomysql",
    ),
    Library(
        "asyncmy",
        (CallPath("connect", loop("await asyncmy.connect(host=NAME, port=PORT)")),),
        ("asyncmy",),
        "import asyncmy",
    ),
    Library(
        "mysql-connector",
        (
            CallPath("connect, pure", "mysql.connector.connect(host=NAME, port=PORT, use_pure=True)"),
            CallPath("aio.connect", loop("await mysql.connector.aio.connect(host=NAME, port=PORT)")),
        ),
        ("mysql-connector-python",),
        "import mysql.connector, mysql.connector.aio",
    ),
    Library(
        "pymssql",
        (CallPath("connect", "pymssql.connect(server=NAME, port=PORT, user='u', password='p')"),),
        ("pymssql",),
        "import pymssql",
        reason="FreeTDS calls libc's getaddrinfo",
        remedy=NATIVE,
    ),
    Library(
        "oracledb",
        (
            CallPath(
                "connect, thin",
                "oracledb.connect(user='u', password='p', dsn='%s:%d/s' % (NAME, PORT))",
            ),
        ),
        ("oracledb",),
        "import oracledb",
    ),
    Library(
        "redis",
        (
            CallPath("Redis.ping", "redis.Redis(NAME, PORT).ping()"),
            CallPath("asyncio.Redis.ping", loop("await redis.asyncio.Redis(host=NAME, port=PORT).ping()")),
            CallPath("RedisCluster", "redis.RedisCluster(NAME, PORT)"),
        ),
        ("redis",),
        "import redis, redis.asyncio",
    ),
    Library(
        "redis on uvloop",
        (
            CallPath(
                "asyncio.Redis.ping",
                loop("await redis.asyncio.Redis(host=NAME, port=PORT).ping()").replace("run(", "uvloop.run("),
            ),
        ),
        ("redis", "uvloop"),
        "import redis.asyncio, uvloop",
        hook="uvloop",
    ),
    Library(
        "valkey",
        (CallPath("Valkey.ping", "valkey.Valkey(NAME, PORT).ping()"),),
        ("valkey",),
        "import valkey",
    ),
    Library(
        "valkey-glide",
        (
            CallPath(
                "GlideClient.create",
                loop(
                    "await glide.GlideClient.create("
                    "glide.GlideClientConfiguration([glide.NodeAddress(NAME, PORT)]))"
                ),
            ),
        ),
        ("valkey-glide",),
        "import glide",
        reason="its core, in Rust, calls libc's getaddrinfo",
        remedy=NATIVE,
    ),
    Library(
        "pymemcache",
        (CallPath("Client.get", "pymemcache.Client((NAME, PORT)).get('x')"),),
        ("pymemcache",),
        "import pymemcache",
    ),
    Library(
        "aiomcache",
        (CallPath("Client.get", loop("await aiomcache.Client(NAME, PORT).get(b'x')")),),
        ("aiomcache",),
        "import aiomcache",
    ),
    Library(
        "python-memcached",
        (CallPath("Client.get", "memcache.Client(['%s:%d' % (NAME, PORT)]).get('x')"),),
        ("python-memcached",),
        "import memcache",
        hook="sockets",
    ),
    Library(
        "pylibmc",
        (CallPath("Client.get", "pylibmc.Client(['%s:%d' % (NAME, PORT)]).get('x')"),),
        ("pylibmc",),
        "import pylibmc",
        reason="libmemcached calls libc's getaddrinfo",
        remedy=NATIVE,
    ),
    Library(
        "pymongo",
        (
            CallPath(
                "MongoClient",
                "pymongo.MongoClient(NAME, PORT, serverSelectionTimeoutMS=2000).admin.command('ping')",
            ),
            CallPath(
                "AsyncMongoClient",
                loop(
                    "await pymongo.AsyncMongoClient(NAME, PORT, serverSelectionTimeoutMS=2000)"
                    ".admin.command('ping')"
                ),
            ),
        ),
        ("pymongo",),
        "import pymongo",
    ),
    Library(
        "pymongo, mongodb+srv:",
        (
            CallPath(
                "MongoClient",
                "pymongo.MongoClient('mongodb+srv://%s/?tls=false' % NAME,"
                " serverSelectionTimeoutMS=2000).admin.command('ping')",
            ),
        ),
        ("pymongo", "dnspython"),
        "import pymongo, dns.resolver, dns.asyncresolver",
        hook="dnspython",
    ),
    Library(
        "motor",
        (
            CallPath(
                "AsyncIOMotorClient",
                loop(
                    "await motor.motor_asyncio.AsyncIOMotorClient(NAME, PORT,"
                    " serverSelectionTimeoutMS=2000).admin.command('ping')"
                ),
            ),
        ),
        ("motor",),
        "import motor.motor_asyncio",
    ),
    Library(
        "cassandra-driver",
        (CallPath("Cluster.connect", "cassandra.cluster.Cluster([NAME], port=PORT).connect()"),),
        ("cassandra-driver",),
        "import cassandra.cluster",
    ),
    Library(
        "neo4j",
        (
            CallPath(
                "GraphDatabase.driver",
                "neo4j.GraphDatabase.driver('bolt://%s:%d' % (NAME, PORT)).verify_connectivity()",
            ),
            CallPath(
                "AsyncGraphDatabase.driver",
                loop(
                    "await neo4j.AsyncGraphDatabase.driver('bolt://%s:%d' % (NAME, PORT)).verify_connectivity()"
                ),
            ),
        ),
        ("neo4j",),
        "import neo4j",
    ),
    Library(
        "clickhouse-driver",
        (CallPath("Client.execute", "clickhouse_driver.Client(NAME, PORT).execute('SELECT 1')"),),
        ("clickhouse-driver",),
        "import clickhouse_driver",
    ),
    Library(
        "clickhouse-connect",
        (CallPath("get_client", "clickhouse_connect.get_client(host=NAME, port=PORT)"),),
        ("clickhouse-connect",),
        "import clickhouse_connect",
    ),
    Library(
        "elasticsearch",
        (
            CallPath(
                "Elasticsearch.info",
                "elasticsearch.Elasticsearch('http://%s:%d' % (NAME, PORT), max_retries=0).info()",
            ),
            CallPath(
                "AsyncElasticsearch.info",
                loop(
                    "await elasticsearch.AsyncElasticsearch('http://%s:%d' % (NAME, PORT), max_retries=0).info()"
                ),
                hook="aiohttp",
            ),
        ),
        ("elasticsearch",),
        "import elasticsearch",
    ),
    Library(
        "opensearch-py",
        (
            CallPath("OpenSearch.info", "opensearchpy.OpenSearch([{'host': NAME, 'port': PORT}]).info()"),
            CallPath(
                "AsyncOpenSearch.info",
                loop("await opensearchpy.AsyncOpenSearch([{'host': NAME, 'port': PORT}]).info()"),
                hook="aiohttp",
            ),
        ),
        ("opensearch-py",),
        "import opensearchpy",
    ),
)
