"""A CPython that runs on musl, the C library of Alpine Linux: musl and CPython, built once into the cache folder.

Both are compiled from Debian's archive of their original sources, pinned by hash; nothing is installed, and root is
not needed. What needs a library that musl's side lacks (ssl, zlib, ctypes) is left out. May import the standard
library and builds; never builds at import.
"""

from __future__ import annotations

import os
import platform
import shutil
import sys
from pathlib import Path
from typing import NamedTuple

from . import builds

MUSL = "1.2.5"  # what Alpine 3.20 to 3.22 have
PYTHON = "3.11.2"
MINOR = "3.11"

APT_HELPER = Path("/usr/lib/apt/apt-helper")
"""apt's own downloader, which knows the proxy that apt was told of, and checks the hash."""


class Source(NamedTuple):
    """A tarball of Debian's archive."""

    address: str
    sha256: str


SOURCES = {
    "musl": Source(
        f"http://deb.debian.org/debian/pool/main/m/musl/musl_{MUSL}.orig.tar.gz",
        "a9a118bbe84d8764da0ea0d28b3ab3fae8477fc7e4085d90102b8596fc7c75e4",
    ),
    "cpython": Source(
        f"http://deb.debian.org/debian/pool/main/p/python{MINOR}/python{MINOR}_{PYTHON}.orig.tar.gz",
        "2411c74bda5bbcfcddaf4531f66d1adc73f247f529aee981b029513aefdbf849",
    ),
}

PACKAGES = (
    "dnspython==2.9.2",
    "hypothesis==6.170.15",
    "opentelemetry-api==1.45.2",
    "opentelemetry-sdk==1.45.2",
    "pytest==9.2.0",
    "pytest-timeout==2.4.0",
    "tenacity==9.2.1",
    "wrapt==2.5.2",
)
"""What steadydns and its unit tests import, as wheels: nothing is compiled."""

# Modules of the standard library that are linked into the interpreter: module, then its source files.
STATIC = """
_asyncio _asynciomodule.c
_bisect _bisectmodule.c
_blake2 _blake2/blake2module.c _blake2/blake2b_impl.c _blake2/blake2s_impl.c
_contextvars _contextvarsmodule.c
_csv _csv.c
_datetime _datetimemodule.c
_heapq _heapqmodule.c
_json _json.c
_md5 md5module.c
_multiprocessing -I$(srcdir)/Modules/_multiprocessing _multiprocessing/multiprocessing.c _multiprocessing/semaphore.c
_opcode _opcode.c
_pickle _pickle.c
_posixsubprocess _posixsubprocess.c
_queue _queuemodule.c
_random _randommodule.c
_sha1 sha1module.c
_sha256 sha256module.c
_sha3 _sha3/sha3module.c
_sha512 sha512module.c
_socket socketmodule.c
_statistics _statisticsmodule.c
_struct _struct.c
_typing _typingmodule.c
_zoneinfo _zoneinfo.c
array arraymodule.c
binascii binascii.c
fcntl fcntlmodule.c
grp grpmodule.c
math mathmodule.c
mmap mmapmodule.c
resource resource.c
select selectmodule.c
syslog syslogmodule.c
termios termios.c
unicodedata unicodedata.c
"""

# setup.py would build these with the headers of the machine's own libc.
DISABLED = """
_bz2 _codecs_cn _codecs_hk _codecs_iso2022 _codecs_jp _codecs_kr _codecs_tw _crypt _ctypes _ctypes_test _curses
_curses_panel _dbm _decimal _elementtree _gdbm _hashlib _lsprof _lzma _multibytecodec _posixshmem _ssl _testbuffer
_testcapi _testclinic _testimportmultiple _testinternalcapi _testmultiphase _tkinter _uuid _xxsubinterpreters
_xxtestfuzz audioop cmath nis ossaudiodev pyexpat readline spwd xxlimited xxlimited_35 zlib
"""


def interpreter() -> Path:
    """The interpreter; the first call takes about two minutes."""
    folder = _folder()
    python = _python(folder)
    if python.exists():
        return python
    folder.mkdir(parents=True, exist_ok=True)
    with builds.lock(folder):
        if not python.exists():
            print(f"lab: building {python} (once)", file=sys.stderr, flush=True)
            _build(folder, python)
    return python


def site_packages() -> Path:
    """The folder of the packages that ``interpreter`` finds steadydns' dependencies in, for PYTHONPATH."""
    return interpreter().parents[1] / "site"


def environment() -> dict[str, str]:
    """The variables that let the interpreter find its packages."""
    return {"PYTHONPATH": str(site_packages())}


def lacking() -> str:
    """Why it cannot be built here, with the remedy; '' where it can be, or is already."""
    if _python(_folder()).exists():
        return ""
    for command, package in (("gcc", "gcc libc6-dev"), ("make", "make"), ("ar", "binutils")):
        if shutil.which(command) is None:
            return f"a CPython on musl needs {command}: apt-get install {package}"
    if not _kernel_headers()["asm"].is_dir():
        return "a CPython on musl needs the kernel's headers: apt-get install linux-libc-dev"
    if not APT_HELPER.exists():
        return f"a CPython on musl is built from Debian's sources, and there is no {APT_HELPER}"
    return ""


def _folder() -> Path:
    return builds.place("musl-python", [Path(__file__)])


def _python(folder: Path) -> Path:
    return folder / "bin" / f"python{MINOR}"


def _build(folder: Path, python: Path) -> None:
    """Build all of it in the folder where it stays, for its path is compiled in; the interpreter comes last."""
    work = folder / "build"
    shutil.rmtree(folder, ignore_errors=True)
    work.mkdir(parents=True)
    musl, cpython = (_unpacked(name, work) for name in ("musl", "cpython"))
    _build_musl(musl, folder)
    _build_cpython(cpython, folder)
    _install_packages(folder / "site")
    shutil.copytree(
        cpython / "Lib", folder / "lib" / f"python{MINOR}", ignore=shutil.ignore_patterns("test", "idlelib")
    )
    (folder / "lib" / f"python{MINOR}" / "lib-dynload").mkdir()
    for module in cpython.glob("build/lib.*/_sysconfigdata_*.py"):
        shutil.copy(module, folder / "lib" / f"python{MINOR}")
    python.parent.mkdir(exist_ok=True)
    shutil.copy(cpython / "python", python.with_suffix(".new"))
    shutil.rmtree(work)
    python.with_suffix(".new").rename(python)


def _unpacked(name: str, work: Path) -> Path:
    source = SOURCES[name]
    archive = work / f"{name}.tar.gz"
    builds.run(
        [str(APT_HELPER), "download-file", source.address, str(archive), f"SHA256:{source.sha256}"], work
    )
    folder = work / name
    folder.mkdir()
    builds.run(["tar", "-xzf", str(archive), "--strip-components=1", "-C", str(folder)], work)
    return folder


def _build_musl(source: Path, folder: Path) -> None:
    """The libc with its loader, its headers, and `musl-gcc`, a gcc that uses them."""
    prefix = folder / "musl"
    builds.run(
        [
            "./configure",
            f"--prefix={prefix}",
            f"--syslibdir={prefix / 'lib'}",
            "--enable-wrapper=gcc",
            "--disable-static",
        ],
        source,
    )
    builds.run(["make", _jobs(), "install"], source)
    for name, headers in _kernel_headers().items():
        (prefix / "include" / name).symlink_to(headers)


def _kernel_headers() -> dict[str, Path]:
    """The kernel's headers, which are no libc's."""
    include = Path("/usr/include")
    return {
        "linux": include / "linux",
        "asm-generic": include / "asm-generic",
        "asm": include / f"{platform.machine()}-linux-gnu" / "asm",
    }


def _build_cpython(source: Path, folder: Path) -> None:
    compiler = source / "musl-cc"
    # CPython compares what the compiler calls its target with what it finds out itself.
    compiler.write_text(
        f'#!/bin/sh\n[ "$1" = --print-multiarch ] && exec echo {platform.machine()}-linux-musl\n'
        f'exec {folder}/musl/bin/musl-gcc "$@"\n'
    )
    compiler.chmod(0o755)
    (source / "Modules" / "Setup.local").write_text(
        f"*static*{STATIC}*disabled*\n{' '.join(DISABLED.split())}\n"
    )
    settings = {
        "CC": str(compiler),
        "OPT": "-DNDEBUG -O1 -fwrapv",  # half the time that -O3 takes to compile
        "PKG_CONFIG": "/bin/false",
        "ac_cv_header_zlib_h": "no",
        "ac_cv_lib_z_gzread": "no",
    }
    configure = ["./configure", "-q", f"--prefix={folder}", "--without-ensurepip", "--disable-test-modules"]
    builds.run(configure, source, settings)
    builds.run(["make", "-s", _jobs(), "python"], source, settings)


def _install_packages(site: Path) -> None:
    platforms = [f"--platform=musllinux_1_{minor}_{platform.machine()}" for minor in (2, 1)]
    command = [
        sys.executable,
        "-m",
        "pip",
        "install",
        "--quiet",
        "--target",
        str(site),
        "--only-binary=:all:",
    ]
    options = [f"--python-version={MINOR}", "--implementation=cp", *platforms]
    builds.run([*command, *options, *PACKAGES], site.parent)


def _jobs() -> str:
    return f"-j{os.cpu_count() or 1}"
