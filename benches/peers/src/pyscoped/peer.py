"""pyscoped 0.1.0 at the works that Scoped is measured at.

One request a line on standard input, one answer a line on standard output, both JSON. Times are taken here, around
the library's own calls, so that neither the pipe nor the start of Python is part of them.
Set up as its documentation shows: a file-backed SQLite backend, objects through ScopedManager with an AuditWriter.
"""

import json
import sys
from time import perf_counter, perf_counter_ns

from scoped.audit.writer import AuditWriter
from scoped.identity.principal import PrincipalStore
from scoped.objects.manager import ScopedManager
from scoped.storage.sqlite import SQLiteBackend
from scoped.types import ActionType


class Peer:
    def make(self, path, objects, payload):
        """A new file with so many objects of one owner. What fills it is not measured, so it does without syncs."""
        self.open(path)
        self.payload, self.number = payload, 0
        self.owner = PrincipalStore(self.backend).create_principal(kind="person", display_name="writer").id
        self.backend.execute("PRAGMA synchronous = OFF")
        self.ids = [self.create(self.data()) for _ in range(objects)]
        self.backend.execute("PRAGMA synchronous = FULL")
        level = next(iter(self.backend.fetch_one("PRAGMA synchronous").values()))
        if level != 2:
            raise RuntimeError(f"SQLite syncs at level {level}, not FULL")
        return {"objects": len(self.ids)}

    def open(self, path):
        """Opens a file. With objects in it the first one is read, as the others do."""
        self.close()
        begun = perf_counter()
        self.backend = SQLiteBackend(path)
        self.backend.initialize()
        self.audit = AuditWriter(self.backend)
        self.manager = ScopedManager(self.backend, audit_writer=self.audit)
        if getattr(self, "ids", None):
            self.read([0])
        return {"seconds": perf_counter() - begun}

    def update(self, count=None, seconds=None):
        """Updates, each of an object and its trail."""
        times, begun = [], perf_counter()
        while (len(times) < count) if count is not None else (perf_counter() - begun < seconds):
            at = perf_counter_ns()
            data = self.data()
            self.manager.update(self.ids[self.number % len(self.ids)], principal_id=self.owner, data=data)
            times.append(perf_counter_ns() - at)
        return {"events": len(times), "seconds": perf_counter() - begun, "times_ns": times}

    def record(self, sizes, seconds):
        """Entries of the trail and nothing else, in transactions of these sizes: the only batches that there are."""
        events, at, begun = 0, 0, perf_counter()
        while perf_counter() - begun < seconds:
            size = sizes[at % len(sizes)]
            at += 1
            self.audit.record_batch([self.entry() for _ in range(size)])
            events += size
        return {"events": events, "seconds": perf_counter() - begun}

    def read(self, numbers):
        """Reads of objects by their owner, one after the other."""
        looked, begun = 0, perf_counter()
        for number in numbers:
            version = self.manager.get_current_version(self.ids[number % len(self.ids)], principal_id=self.owner)
            looked += len(version.data)
        return {"events": len(numbers), "seconds": perf_counter() - begun, "looked": looked}

    def take(self, changes):
        """The changes of a history: a path is an object."""
        by_path, begun = {}, perf_counter()
        for path, blob in changes:
            data = {"blob": blob, "path": path}
            known = by_path.get(path)
            if known is None:
                by_path[path] = self.create(data)
            else:
                self.manager.update(known, principal_id=self.owner, data=data)
        return {"events": len(changes), "seconds": perf_counter() - begun}

    def close(self):
        backend = getattr(self, "backend", None)
        if backend is not None:
            backend.close()

    def create(self, data):
        return self.manager.create(object_type="note", owner_id=self.owner, data=data)[0].id

    def data(self):
        self.number += 1
        around = len('{"p":""}')
        return {"p": f"{self.number:016x}".ljust(self.payload - around, "x")}

    def entry(self):
        target = self.ids[self.number % len(self.ids)]
        return {
            "actor_id": self.owner,
            "action": ActionType.UPDATE,
            "target_type": "note",
            "target_id": target,
            "after_state": self.data(),
        }


def main():
    peer = Peer()
    for line in sys.stdin:
        request = json.loads(line)
        what = request.pop("do")
        print(json.dumps(getattr(peer, what)(**request)), flush=True)


main()
