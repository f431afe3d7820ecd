"""What a start and a call cost from Python, on an enrolled phone with cases: bench.py WORK_FOLDER. tests/bindings.sh
bench runs it; docs/performance.md has the figures."""

import sys
import time

start = time.perf_counter()
import ezhifa as e  # noqa: E402

loaded = time.perf_counter() - start

from first_call import Keystore  # noqa: E402


def once(what, call, before=0.0):
    began = time.perf_counter()
    result = call()
    print(f"python  {what:20} {(before + time.perf_counter() - began) * 1e3:9.2f} ms")
    return result


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
        phone.case("c-none")
    except e.PhoneError:
        pass


folder, keys = sys.argv[1], Keystore()
phone = once("load and open", lambda: e.FieldOffice.open(f"{folder}/store", f"{folder}/mark", keys), loaded)
assert phone.is_enrolled()
once("first screen's data", lambda: (phone.is_enrolled(), phone.crew(), phone.roster()))
once("readiness", lambda: (phone.readiness(), phone.status()))
once("home screen's data", lambda: (phone.leads(), phone.open_orders(), phone.offences()))
cost("smallest call", 20000, phone.is_enrolled)
cost("list of records", 2000, e.printer_kinds)
cost("text in, record out", 2000, lambda: e.read_resident_id("44190019780921215X"))
cost("refusal", 2000, refused)
cost("twenty cases", 200, lambda: phone.cases(20))
