#!/bin/sh
# Makes slip-font.ttf: every character of 通用规范汉字表 (8,105), GB 2312 and the symbols a slip needs,
# taken from Noto Sans Mono CJK SC (SIL OFL 1.1, see OFL.txt) and turned into glyf outlines, which every
# PDF viewer draws (docs/printing: CFF fonts show blank Chinese in some).
#
# Debian: apt-get install fonts-noto-cjk unicode-data python3-venv
# PyPI:   fonttools, cu2qu, otf2ttf (tried with 4.68.0, 1.6.7.post2, 0.2.0)
set -eu
cd "$(dirname "$0")"
source_font=${1:-/usr/share/fonts/opentype/noto/NotoSansCJK-Regular.ttc}
unihan=${2:-/usr/share/unicode/Unihan_OtherMappings.txt.bz2}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install -q fonttools cu2qu otf2ttf

"$work/venv/bin/python" - "$unihan" "$work/chars.txt" <<'PY'
import bz2, sys
chars = set()
# 通用规范汉字表: Unihan kTGH, complete (2013:1 to 2013:8105).
for line in bz2.open(sys.argv[1], "rt", encoding="utf-8"):
    if "\tkTGH\t" in line:
        chars.add(chr(int(line.split("\t")[0][2:], 16)))
assert len(chars) == 8105, len(chars)
for hi in range(0xA1, 0xF8):                      # GB 2312, as in GB 18030's two-byte area
    for lo in range(0xA1, 0xFF):
        try:
            c = bytes([hi, lo]).decode("gb2312")
        except UnicodeDecodeError:
            continue
        chars.add(c)
chars |= {chr(c) for c in range(0x20, 0x7F)}
chars |= {chr(c) for c in range(0xA1, 0x180)} - {"\u00ad"}  # Latin letters of foreign names, ¥, ·
chars |= {chr(c) for c in range(0xFF01, 0xFF5F)} | {"￥", "￠", "￡"}
chars |= set("·…—‘’“”‰′″※№℃℡㎡㎜㎝㎞㎎㎏㏄€←↑→↓○●◎◇◆□■△▲☆★☐☑☒✓✔✗▶►《》〈〉「」『』【】〔〕〖〗〇々〃〆")
chars |= {chr(c) for c in range(0x2460, 0x2474)}
# Characters of names that people meet outside the table: 𠮷 above all.
chars |= set("𠮷龘䲜㐂甡昇陞劉陳黃張葉郭鄭許謝馮鄧蕭羅")
open(sys.argv[2], "w", encoding="utf-8").write("".join(sorted(chars)))
PY

"$work/venv/bin/pyftsubset" "$source_font" --font-number=7 --text-file="$work/chars.txt" \
  --output-file="$work/slip.otf" --no-hinting --desubroutinize --layout-features='' --notdef-outline \
  --name-IDs='0,1,2,3,4,5,6,13,14' \
  --drop-tables+=vhea,vmtx,VORG,GSUB,GPOS,GDEF,BASE,DSIG
"$work/venv/bin/otf2ttf" --post-format 3 --max-error 2.5 --output "$work/slip.ttf" "$work/slip.otf"
"$work/venv/bin/python" - "$work/slip.ttf" slip-font.ttf <<'PY'
import sys
from fontTools.ttLib import TTFont
font = TTFont(sys.argv[1], recalcTimestamp=False)
font["head"].modified = font["head"].created      # the same bytes on every run
font.save(sys.argv[2])
print(len(font.getGlyphOrder()), "glyphs,", len(font.getBestCmap()), "characters")
PY
