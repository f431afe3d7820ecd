"""What a call costs from Python. tests/bindings.sh bench runs it; docs/performance.md has the figures."""

import tempfile
import time

start = time.perf_counter()
import ezhifa as e  # noqa: E402

from first_call import Keystore  # noqa: E402

folder = tempfile.mkdtemp()
phone = e.FieldOffice.open(f"{folder}/store", f"{folder}/mark", Keystore())
print(f"python  load and open        {(time.perf_counter() - start) * 1e3:9.2f} ms")


def cost(what, times, call):
    for _ in range(times // 10):
        call()
    best = min(timed(times, call) for _ in range(5))
    print(f"python  {what:20} {best / times * 1e6:9.2f} us")


def timed(times, call):
    began = time.perf_counter()
    for _ in range(times):
        call()
    return time.perf_counter() - began


def refused():
    try:
        phone.readiness()
    except e.PhoneError.NotReady:
        pass


cost("smallest call", 20000, phone.is_enrolled)
cost("list of records", 2000, e.printer_kinds)
cost("text in, record out", 2000, lambda: e.read_resident_id("44190019780921215X"))
cost("refusal", 2000, refused)
