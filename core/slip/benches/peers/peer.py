"""The slip through python-escpos: text as GB 18030, QR drawn in software, pictures as raster."""
import json
import pathlib
import statistics
import sys
import time

from escpos import __version__ as version
from escpos.printer import Dummy
from PIL import Image

folder = pathlib.Path(sys.argv[1])
items = json.loads((folder / "slip.json").read_text(encoding="utf-8"))
pictures = {i["picture"]: Image.open(folder / i["picture"]).convert("1") for i in items if "picture" in i}
for picture in pictures.values():
    picture.load()


def slip(drawn):
    p = Dummy()
    p._raw(b"\x1b@\x1c&")
    for item in items:
        if "text" in item:
            large = item["large"]
            p.set(align=item["align"], bold=item["bold"], double_width=large, double_height=large, normal_textsize=not large)
            p._raw(item["text"].encode("gb18030") + b"\n")
        elif "rule" in item:
            p._raw(b"-" * 32 + b"\n")
        elif "gap" in item:
            p._raw(b"\x1bJ" + bytes([min(item["gap"], 255)]))
        elif drawn and "code" in item:
            p.set(align="center")
            p.qr(item["code"], ec=0, size=item["module"], native=False, impl="bitImageRaster")
        elif drawn and "picture" in item:
            p.set(align=item["align"])
            p.image(pictures[item["picture"]], impl="bitImageRaster")
    return p.output


def median(drawn, runs):
    times = []
    for _ in range(runs):
        start = time.perf_counter()
        slip(drawn)
        times.append(time.perf_counter() - start)
    return statistics.median(times) * 1e6


slip(True)
print(json.dumps({"name": f"python-escpos {version}", "bytes": len(slip(True)), "micros": median(True, 31), "text_micros": median(False, 101)}))
