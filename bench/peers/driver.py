"""driver.py PEER: computes what the bench asks for, a line of JSON each way.

version  {"do"}                          -> {"ok", "version"}
open     {"do", "what", "threads", "bytes", "arrays", "results"} -> {"ok"}
time     {"do", "runs"}                  -> {"ok", "wall", "core"}, in seconds
results  {"do"}: those of the last run   -> {"ok"}
close    {"do"}                          -> {"ok"}
What cannot be done is {"ok": false, "why"}. Arrays and results lie in the file
of descriptor 3: by name, [type, offset, shape]. The end of input ends it.

A peer is a module with version() and open(what, threads, arrays), whose
problem has run() and results(), arrays by name."""

import gc
import importlib
import json
import mmap
import os
import signal
import sys
import time

import numpy as np

FILE = 3


class Driver:
    def __init__(self, peer):
        self.peer = importlib.import_module(f"{peer}_peer")
        self.close()

    def answer(self, request):
        do = {"version": self.version, "open": self.open, "time": self.time,
              "results": self.results, "close": self.close}
        return do[request.pop("do")](**request)

    def version(self):
        return {"version": self.peer.version()}

    def open(self, what, threads, bytes, arrays, results):
        memory = mmap.mmap(FILE, bytes)

        def array(kind, offset, shape):
            flat = np.frombuffer(memory, kind, int(np.prod(shape)), offset)
            return flat.reshape(shape)

        arrays = {name: array(*a) for name, a in arrays.items()}
        self.places = {name: array(*a) for name, a in results.items()}
        self.problem = self.peer.open(what, threads, arrays)

    def time(self, runs):
        run = self.problem.run
        gc.disable()
        wall, core = time.perf_counter(), time.process_time()
        for _ in range(runs):
            run()
        wall, core = time.perf_counter() - wall, time.process_time() - core
        gc.enable()
        return {"wall": wall, "core": core}

    def results(self):
        results = self.problem.results()
        for name, place in self.places.items():
            if results[name].size != place.size:
                raise ValueError(f"{name} is {list(results[name].shape)}, "
                                 f"not {list(place.shape)}")
            place[...] = results[name].reshape(place.shape)

    def close(self):
        self.problem = self.places = None


def reason(error):
    return f"{type(error).__name__}: {' '.join(str(error).split())}"[:200]


def raiser(error):
    """What answers where there is no peer."""
    def answer(_):
        raise error
    return answer


def main():
    signal.signal(signal.SIGINT, signal.SIG_DFL)  # Ctrl-C is the bench's
    replies = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # what a library prints is no reply
    try:
        answer = Driver(sys.argv[1]).answer
    except Exception as error:
        answer = raiser(error)
    for line in sys.stdin:
        try:
            reply = {"ok": True} | (answer(json.loads(line)) or {})
        except Exception as error:
            reply = {"ok": False, "why": reason(error)}
        print(json.dumps(reply), file=replies, flush=True)


main()
