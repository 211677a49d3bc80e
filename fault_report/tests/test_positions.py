"""No file keeps the place where it was taken, wherever its metadata has it."""

import io
import re
import struct
import zlib
from itertools import product

from PIL import Image

from odoo.tests import TransactionCase

from ..tools import file_rules
from ..tools.errors import FieldError
from .hostile_files import insert, make_chunk, make_segment
from .test_file_rules import GPS, make_picture
from .test_media_types import make_box, make_movie, make_track

LIMITS = file_rules.Limits()
LATITUDE = b"59.329312"
ISO_6709 = b"+59.329312+018.068612+010.000/"
FIXED = struct.pack(">i", int(59.329312 * 65536))
PLACE = b"Stockholm"
DEGREES = (struct.pack("<II", 59, 1), struct.pack(">II", 59, 1))
NEEDLES = (LATITUDE, ISO_6709, FIXED, PLACE, *DEGREES)
RDF = (
    b'<x:xmpmeta><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">'
    b'<rdf:Description dc:a="kept" %s</rdf:RDF></x:xmpmeta>'
)
PACKETS = {
    "attribute": b'exif:GPSLatitude="59.329312"/>',
    "element": b"><exif:GPSLatitude>59.329312</exif:GPSLatitude></rdf:Description>",
    "another prefix": b"><e:GPSLatitude>59.329312</e:GPSLatitude></rdf:Description>",
    "a drone": b"drone-dji:GpsLatitude = '59.329312'/>",
    "parts": b"><exif:GPSLatitude rdf:parseType='Resource'><rdf:value>59.329312"
    b"</rdf:value></exif:GPSLatitude></rdf:Description>",
    "another drone": b'drone-skydio:Latitude="59.329312"/>',
    **{
        name: b'%s="Stockholm"/>' % name.encode()
        for name in (
            "photoshop:City",
            "photoshop:State",
            "photoshop:Country",
            "Iptc4xmpCore:Location",
        )
    },
    "a list": b"><Iptc4xmpExt:LocationShown><rdf:Bag><rdf:li><Iptc4xmpExt:Sublocation>"
    b"Stockholm</Iptc4xmpExt:Sublocation></rdf:li></rdf:Bag>"
    b"</Iptc4xmpExt:LocationShown></rdf:Description>",
}
# What a track has of each second, and what its head says
SECONDS = {
    "GoPro": (b"", b"GPS5l\x14\0\2" + PLACE.ljust(40)),
    "a newer GoPro": (b"", b"GPS9?\x20\0\2" + PLACE.ljust(64)),
    "a text": (b"keydmdtacom.apple.quicktime.location.ISO6709", ISO_6709),
}
BRANDS = (b"mp42", b"isom", b"qt  ", b"3gp4", b"M4A ")


def add_png_text(kind, keyword, text):
    picture = make_picture("PNG", gps=False)
    return picture[:33] + make_chunk(kind, keyword + b"\0" + text) + picture[33:]


def make_directory(order, tag, kind, value, following):
    entry = struct.pack(f"{order}HHHII", 1, tag, kind, 1, value)
    return entry + struct.pack(f"{order}I", following)


def make_inner_position(order, tag):
    """Return an EXIF block with the position in the directory behind the first one.

    :param tag: of the first directory, which leads there
    """
    head = (b"II*\0" if order == "<" else b"MM\0*") + struct.pack(f"{order}I", 8)
    return b"".join(
        (
            head,
            make_directory(order, tag or 0x0100, 4, 26, 0 if tag else 26),
            make_directory(order, GPS, 4, 44, 0),
            make_directory(order, 2, 5, 62, 0),
            struct.pack(f"{order}II", 59, 1),
        )
    )


def make_movie_with(brand, *boxes):
    movie = make_box(
        b"moov", make_box(b"mvhd", bytes(100)), make_track(b"vide"), *boxes
    )
    head = make_box(b"ftyp", brand, bytes(4), b"isom")
    return head + movie + make_box(b"mdat", b"\x07" * 300)


def make_pictures():
    for name, packet in PACKETS.items():
        xmp = RDF % packet
        for kind in ("JPEG", "WEBP"):
            yield f"{kind}, {name}", make_picture(kind, gps=False, xmp=xmp)
        gif = make_picture("GIF", gps=False)[:-1]
        yield f"GIF, {name}", gif + b"!\xff\x0bXMP DataXMP" + xmp + b"\1\0;"
        yield f"behind, {name}", make_picture("JPEG", gps=False) + xmp
        for packed in (0, 1):
            text = bytes([packed, 0, 0, 0]) + (zlib.compress(xmp) if packed else xmp)
            png = add_png_text(b"iTXt", b"XML:com.adobe.xmp", text)
            yield f"PNG {packed}, {name}", png
    for keyword in (b"GPSLatitude", b"exif:GPSLatitude", b"Location", b"geo"):
        yield f"tEXt {keyword}", add_png_text(b"tEXt", keyword, LATITUDE)
        packed = b"\0" + zlib.compress(LATITUDE)
        yield f"zTXt {keyword}", add_png_text(b"zTXt", keyword, packed)
    for label, video in make_movies():
        yield f"with a video, {label}", make_picture("JPEG", gps=False) + video
    for order, tag in product("<>", (0, 0x8769, 0x014A)):
        block = b"Exif\0\0" + make_inner_position(order, tag)
        yield f"EXIF {order} {tag}", insert(make_segment(0xE1, block))
    for number in (26, 27, 90, 92, 95, 100, 101):
        place = struct.pack(">BBBH", 28, 2, number, len(PLACE)) + PLACE
        title = struct.pack(">BBBH", 28, 2, 5, 4) + b"kept"
        size = struct.pack(">I", len(place + title))
        block = b"Photoshop 3.0\0" + b"8BIM\4\4\0\0" + size + place + title
        yield f"IPTC {number}", insert(make_segment(0xED, block))


def make_movies():
    text = make_box(b"data", struct.pack(">II", 1, 0), ISO_6709)
    keys = {
        "a text": make_box(b"udta", make_box(b"\xa9xyz", b"\0\x1e\x15\xc7", ISO_6709)),
        "a list": make_box(
            b"meta", bytes(4), make_box(b"ilst", make_box(b"\xa9xyz", text))
        ),
        "a key": make_box(
            b"meta",
            make_box(b"keys", bytes(8), b"mdtacom.apple.quicktime.location.ISO6709"),
            make_box(b"ilst", make_box(struct.pack(">I", 1), text)),
        ),
        "numbers": make_box(
            b"udta",
            make_box(b"loci", bytes(6), PLACE + b"\0\0", FIXED * 3, b"earth\0\0"),
        ),
    }
    for brand in BRANDS:
        for name, box in keys.items():
            yield f"{brand} {name}", make_movie_with(brand, box)
        for name, packet in PACKETS.items():
            xmp = make_box(b"uuid", bytes(16), RDF % packet)
            yield f"{brand} {name}", make_movie(brand, [b"vide"]) + xmp
        for name, (key, second) in SECONDS.items():
            head = make_movie_with(brand, make_box(b"keys", key))
            data = make_box(b"mdat", b"\x07" * 99, second * 3, b"kept")
            yield f"{brand} {name}", head + data


class TestPositions(TransactionCase):
    def check(self, content, **limits):
        limits = LIMITS._replace(**limits)
        return file_rules.check_file(self.env, "file", content, limits)[1:]

    def find_position(self, content):
        """Return what is left of the position, also in packed parts."""
        for start in re.finditer(rb"\x78[\x01\x5e\x9c\xda]", content):
            try:
                content += zlib.decompressobj().decompress(content[start.start() :])
            except zlib.error:
                continue
        return [needle for needle in NEEDLES if needle in content]

    def test_no_file_keeps_its_position_wherever_it_is_written(self):
        count = 0
        for label, content in (*make_pictures(), *make_movies()):
            with self.subTest(label):
                count += 1
                self.assertTrue(self.find_position(content), "The test is wrong")
                after, mimetype = self.check(content)
                self.assertEqual(self.find_position(after), [])
                self.assertEqual(mimetype, file_rules.guess_type(content))
                if mimetype != "image/png":
                    self.assertEqual(len(after), len(content))
                    self.assertEqual(b"kept" in after, b"kept" in content)
        self.assertGreater(count, 90)

    def test_a_length_that_leads_nowhere_hides_no_position(self):
        """In a video, whatever the length of the box, and of those around it."""
        for label, content in make_movies():
            places = [
                found.start() for found in re.finditer(b"udta|meta|moov", content)
            ]
            for name in (b"\xa9xyz", b"loci"):
                places += [m.start() for m in re.finditer(re.escape(name), content)]
            for place, size in product(places, (0, 1, 7, 9, 2**20, 2**32 - 1)):
                start = place - 4
                changed = content[:start] + struct.pack(">I", size) + content[place:]
                with self.subTest(label, place=content[place : place + 4], size=size):
                    try:
                        after, _mimetype = self.check(changed)
                    except FieldError:
                        continue
                    self.assertEqual(self.find_position(after), [])

    def test_a_company_that_wants_positions_gets_the_files_as_they_came(self):
        for label, content in (*make_pictures(), *make_movies()):
            with self.subTest(label):
                self.assertEqual(self.check(content, keep_position=True)[0], content)

    def test_a_file_without_a_position_stays_byte_by_byte(self):
        for brand in BRANDS:
            for boxes in ((), (make_box(b"udta", make_box(b"\xa9nam", ISO_6709)),)):
                content = make_movie_with(brand, *boxes)
                self.assertEqual(self.check(content)[0], content)
        png = add_png_text(b"tEXt", b"Title", b"The pump")
        self.assertEqual(self.check(png)[0], png)

    def test_a_picture_is_shown_as_before(self):
        for label, content in make_pictures():
            with self.subTest(label):
                after, _mimetype = self.check(content)
                with (
                    Image.open(io.BytesIO(content)) as old,
                    Image.open(io.BytesIO(after)) as new,
                ):
                    self.assertEqual(old.tobytes(), new.tobytes())
