"""Imports a module and prints what that took; a process of its own each time.

May import the standard library, and the module that it is told to.

usage: importing.py MODULE [MODULE-IMPORTED-BEFORE ...]

Prints {"ms": milliseconds, "cpu_ms": of them on a processor, "rss_mb": resident memory added, "uss_mb": private memory added, "modules": how many more}.
"""

from __future__ import annotations

import gc
import importlib
import json
import sys
from time import perf_counter, process_time


def memory() -> tuple[float, float]:
    """Resident and private memory of this process, in MB."""
    with open("/proc/self/smaps_rollup") as lines:  # noqa: PTH123 -- pathlib is not to be loaded by what measures
        fields = [line.split() for line in lines]
    sizes = {row[0]: int(row[1]) / 1024 for row in fields if row[-1] == "kB"}
    return sizes["Rss:"], sizes["Private_Clean:"] + sizes["Private_Dirty:"]


def main() -> None:
    """Measure once."""
    module, *earlier = sys.argv[1:]
    for each in earlier:
        importlib.import_module(each)
    memory()
    gc.collect()
    resident, private = memory()
    modules = len(sys.modules)
    start, cpu = perf_counter(), process_time()
    importlib.import_module(module)
    ms, cpu_ms = (perf_counter() - start) * 1000, (process_time() - cpu) * 1000
    modules = len(sys.modules) - modules
    resident_after, private_after = memory()
    added = {"rss_mb": resident_after - resident, "uss_mb": private_after - private}
    print(json.dumps({"ms": ms, "cpu_ms": cpu_ms, **added, "modules": modules}))


if __name__ == "__main__":
    main()
