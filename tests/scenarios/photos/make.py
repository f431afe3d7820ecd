"""Draws the sample photos of the scenarios: simple street scenes, each marked as a sample.

No camera was at hand and none is faked: every picture says SAMPLE 样本. Needs Pillow and a CJK font
(Debian: python3-pil fonts-noto-cjk). Run in this folder: python3 make.py
"""
from PIL import Image, ImageDraw, ImageFont

FONT = "/usr/share/fonts/opentype/noto/NotoSansCJK-Regular.ttc"
W, H = 480, 360

def street(d):
    d.rectangle((0, 0, W, 150), fill=(172, 190, 205))                      # evening sky
    for i, c in enumerate([(150, 120, 100), (120, 130, 140), (160, 140, 110), (130, 110, 120)]):
        d.rectangle((i * 120, 40 + 10 * (i % 2), i * 120 + 118, 200), fill=c)  # shop fronts
        d.rectangle((i * 120 + 12, 120, i * 120 + 106, 200), fill=(70, 75, 80))
        d.rectangle((i * 120 + 8, 92, i * 120 + 110, 114), fill=(200, 60, 50))
    d.rectangle((0, 200, W, 300), fill=(188, 184, 176))                    # pavement
    for x in range(0, W, 40):
        d.line((x, 200, x - 30, 300), fill=(165, 160, 152), width=2)
    d.rectangle((0, 300, W, H), fill=(92, 94, 98))                         # road
    d.rectangle((0, 296, W, 304), fill=(225, 225, 220))

def stall(d):
    d.rectangle((150, 215, 330, 225), fill=(120, 80, 40)); d.line((160, 225, 155, 285), fill=(80, 50, 30), width=5)
    d.line((320, 225, 325, 285), fill=(80, 50, 30), width=5); d.polygon([(130, 160), (350, 160), (330, 120), (150, 120)], fill=(40, 120, 80))
    for i in range(9): d.ellipse((158 + i * 19, 198, 174 + i * 19, 214), fill=(220, 120 + i * 10, 40))
def goods(d):
    for i in range(6): d.rectangle((130 + i * 38, 232 - 18 * (i % 2), 162 + i * 38, 282), fill=(190 - 12 * i, 150, 90), outline=(90, 60, 30))
def dog(d):
    d.ellipse((225, 262, 258, 280), fill=(90, 60, 35)); d.ellipse((232, 254, 252, 270), fill=(100, 66, 38))
def notices(d):
    for i in range(7): d.rectangle((132 + 32 * i, 128 + 9 * (i % 3), 156 + 32 * i, 160 + 9 * (i % 3)), fill=(250, 245, 190), outline=(120, 120, 90))
def bulky(d):
    d.rounded_rectangle((140, 215, 340, 285), 12, fill=(130, 70, 70)); d.rounded_rectangle((140, 185, 340, 230), 12, fill=(150, 85, 85))
def laundry(d):
    d.line((110, 200, 380, 205), fill=(60, 60, 60), width=3)
    for i, c in enumerate([(230, 230, 240), (90, 120, 200), (220, 120, 150), (240, 220, 120)]): d.polygon([(130 + 60 * i, 203), (175 + 60 * i, 204), (170 + 60 * i, 262), (135 + 60 * i, 262)], fill=c)
def van(d):
    d.rounded_rectangle((110, 170, 370, 285), 14, fill=(235, 225, 200)); d.rectangle((160, 190, 290, 235), fill=(80, 60, 45))
    for x in (160, 320): d.ellipse((x - 22, 265, x + 22, 309), fill=(40, 40, 42))
    d.text((180, 243), "COFFEE", fill=(120, 70, 40), font=ImageFont.truetype(FONT, 22))
def speaker(d):
    d.rectangle((200, 180, 280, 285), fill=(45, 45, 50)); d.ellipse((212, 190, 268, 232), fill=(95, 95, 100)); d.ellipse((217, 238, 263, 280), fill=(95, 95, 100))
def ebike(d):
    for x in (150, 260, 370): 
        d.ellipse((x - 40, 245, x - 4, 281), outline=(30, 30, 30), width=5); d.ellipse((x + 18, 245, x + 54, 281), outline=(30, 30, 30), width=5)
        d.line((x - 22, 263, x + 8, 235, x + 36, 263), fill=(200, 50, 60), width=7); d.line((x + 30, 235, x + 34, 205), fill=(40, 40, 40), width=4)
def chalk(d):
    for i in range(4): d.arc((140 + 45 * i, 130, 190 + 45 * i, 180), 0, 300, fill=(250, 250, 255), width=4)
def board(d):
    d.polygon([(200, 282), (220, 180), (290, 180), (310, 282)], fill=(240, 240, 240), outline=(90, 40, 40)); d.text((228, 205), "特价", fill=(200, 40, 40), font=ImageFont.truetype(FONT, 26))
def rubble(d):
    for i in range(14): d.polygon([(130 + 16 * i, 282), (140 + 16 * i, 240 + 7 * (i % 5)), (156 + 16 * i, 282)], fill=(140 + 5 * (i % 4), 130, 120))

SCENES = {"stall": stall, "goods": goods, "dog": dog, "notices": notices, "bulky": bulky, "laundry": laundry, "van": van,
          "speaker": speaker, "ebike": ebike, "chalk": chalk, "board": board, "rubble": rubble}

for name, draw in SCENES.items():
    for state in ("before", "after"):
        im = Image.new("RGB", (W, H)); d = ImageDraw.Draw(im)
        street(d)
        if state == "before": draw(d)
        d.text((10, H - 34), "SAMPLE 样本  %s / %s" % (name, state), fill=(255, 235, 120), font=ImageFont.truetype(FONT, 20))
        im.save("%s-%s.jpg" % (name, state), quality=52, optimize=True)
