"""Sends records with fluent-logger for Python: see package clients."""
import os
import struct
import sys
import time

from fluent import asyncsender, sender

env = os.environ.get
if env("ACK") == "1" or env("TLS") == "1":
    print("fluent-logger for Python has neither acknowledgements nor TLS", file=sys.stderr)
    sys.exit(2)

kind = asyncsender.FluentSender if env("ASYNC") == "1" else sender.FluentSender
host = "unix://" + env("SOCKET") if env("SOCKET") else env("HOST")
options = {"queue_maxsize": 1_000_000} if env("ASYNC") == "1" else {}
log = kind(env("TAG"), host=host, port=int(env("PORT") or 0), nanosecond_precision=env("EVENTTIME") == "1", **options)
failed = 0
for i in range(int(env("COUNT"))):
    now = time.time()
    when, nanos = int(now), 0
    if env("EVENTTIME") == "1":
        when = sender.EventTime(now)
        _, nanos = struct.unpack(">II", when.data)
    record = {"seq": i, "at": "%d.%09d" % (int(now), nanos), "message": "from Python", "nested": {"a": [1, 2.5, True, None, "é"]}}
    if not log.emit_with_time(None, when, record):
        failed += 1
        print(log.last_error, file=sys.stderr)
        log.clear_last_error()
log.close()
sys.exit(1 if failed else 0)
