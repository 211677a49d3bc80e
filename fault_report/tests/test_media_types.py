"""Videos and sounds have their true type, found in the structure of the file."""

import itertools
import random
import struct

from odoo.tests import TransactionCase

from ..tools import file_rules, media_types

LIMITS = file_rules.Limits()


def make_box(kind, *parts):
    content = b"".join(parts)
    return struct.pack(">I", len(content) + 8) + kind + content


def make_track(handler):
    head = make_box(b"hdlr", bytes(8), handler, bytes(12))
    return make_box(b"trak", make_box(b"tkhd", bytes(84)), make_box(b"mdia", head))


def make_movie(brand, handlers=(), *, at_end=True, compatible=b"isom"):
    """Return a file of boxes with a track for each handler."""
    head = make_box(b"ftyp", brand, bytes(4), compatible)
    movie = make_box(b"moov", make_box(b"mvhd", bytes(100)), *map(make_track, handlers))
    data = make_box(b"mdat", b"\x07" * 300)
    return head + (data + movie if at_end else movie + data)


def make_element(number, content, *, unknown=False):
    size = (
        b"\x01" + b"\xff" * 7 if unknown else struct.pack(">Q", 1 << 56 | len(content))
    )
    return bytes.fromhex(number) + size + content


def make_webm(tracks=(), *, document=b"webm", unknown=False):
    """Return a WebM file with tracks of these types."""
    entries = [
        make_element(
            "ae", make_element("d7", b"\1") + make_element("83", bytes([kind]))
        )
        for kind in tracks
    ]
    content = make_element("1549a966", b"") + make_element("ec", bytes(9))
    content += make_element("1654ae6b", b"".join(entries)) if entries else b""
    head = make_element("1a45dfa3", make_element("4282", document))
    return head + make_element("18538067", content, unknown=unknown)


def make_ogg(packet):
    return b"OggS\0\2" + bytes(20) + bytes([1, len(packet)]) + packet


def make_mp3(*, frames=3, tag=b"", version=3):
    """Return frames of silence: 128 kbit/s, or 64 kbit/s in MPEG 2 and 2.5."""
    bits = {3: 9, 2: 8, 0: 8}[version]
    hertz = {3: 44100, 2: 22050, 0: 11025}[version]
    length = {3: 144 * 128000, 2: 72 * 64000, 0: 72 * 64000}[version] // hertz
    header = bytes([0xFF, 0xE0 | version << 3 | 0b011, bits << 4, 0])
    return tag + (header + bytes(length - 4)) * frames


def make_tag(size):
    """Return an ID3 tag with so many bytes in it."""
    sizes = bytes(size >> shift & 0x7F for shift in (21, 14, 7, 0))
    return b"ID3\4\0\0" + sizes + b"T" * size


MOVIES = {
    b"qt  ": "video/quicktime",
    b"mp42": "video/mp4",
    b"isom": "video/mp4",
    b"M4V ": "video/mp4",
    b"3gp4": "video/3gpp",
    b"3gp5": "video/3gpp",
    b"3g2a": "video/3gpp2",
}


class TestMediaTypes(TransactionCase):
    def guess(self, content):
        return file_rules.guess_type(content)

    def test_a_movie_is_a_sound_if_its_tracks_are(self):
        tracks = ((), (b"vide",), (b"soun",), (b"soun", b"vide"), (b"soun", b"text"))
        for (brand, kind), handlers, at_end in itertools.product(
            MOVIES.items(), tracks, (True, False)
        ):
            is_sound = b"soun" in handlers and b"vide" not in handlers
            if is_sound and kind != "video/quicktime":
                kind = kind.replace("video", "audio")
            with self.subTest(brand=brand, handlers=handlers, at_end=at_end):
                content = make_movie(brand, handlers, at_end=at_end)
                self.assertEqual(self.guess(content), kind)
        self.assertEqual(self.guess(make_movie(b"M4A ", [b"soun"])), "audio/mp4")

    def test_a_brand_that_is_not_known_is_accepted_with_one_that_is(self):
        self.assertEqual(self.guess(make_movie(b"XAVC")), "video/mp4")
        self.assertIsNone(self.guess(make_movie(b"XAVC", compatible=b"XAVC")))
        self.assertIsNone(self.guess(make_movie(b"avif", compatible=b"avif")))

    def test_webm_is_found_with_and_without_sizes(self):
        for unknown in (True, False):
            for tracks, kind in (
                ((1,), "video/webm"),
                ((2, 1), "video/webm"),
                ((2,), "audio/webm"),
                ((), "video/webm"),
            ):
                with self.subTest(unknown=unknown, tracks=tracks):
                    content = make_webm(tracks, unknown=unknown)
                    self.assertEqual(self.guess(content), kind)
        self.assertIsNone(self.guess(make_webm((1,), document=b"matroska")))

    def test_ogg_is_a_sound_or_nothing(self):
        for packet in (b"OpusHead", b"\1vorbis", b"Speex   ", b"\x7fFLAC"):
            self.assertEqual(self.guess(make_ogg(packet + bytes(20))), "audio/ogg")
        for packet in (b"\x80theora", b"<html>", b""):
            self.assertIsNone(self.guess(make_ogg(packet)))

    def test_mp3_is_found_by_its_frames(self):
        for tag, version, frames in itertools.product(
            (b"", make_tag(0), make_tag(700), make_tag(10) + bytes(2000)),
            (3, 2, 0),
            (1, 2, 9),
        ):
            with self.subTest(tag=len(tag), version=version, frames=frames):
                content = make_mp3(tag=tag, version=version, frames=frames)
                self.assertEqual(self.guess(content), "audio/mpeg")
        for content in (
            make_tag(200),
            make_tag(20) + b"<html><script>alert(1)</script>",
            b"\xff\xfb\x90\0" + b"<script>" * 100,
        ):
            self.assertNotEqual(self.guess(content), "audio/mpeg")

    def test_a_name_gets_one_extension_of_the_type(self):
        files = {
            make_movie(b"qt  ", [b"vide"]): ".mov",
            make_movie(b"mp42", [b"vide"]): ".mp4",
            make_movie(b"M4A ", [b"soun"]): ".m4a",
            make_movie(b"3gp4", [b"vide"]): ".3gp",
            make_webm((1,)): ".webm",
            make_ogg(b"OpusHead" + bytes(20)): ".ogg",
            make_mp3(): ".mp3",
        }
        for content, ending in files.items():
            for name in ("noise", f"noise{ending}", f"noise{ending.upper()}"):
                stored = file_rules.check_file(self.env, name, content, LIMITS)[0]
                self.assertEqual(stored.lower(), f"noise{ending}")

    def test_each_type_is_played_by_browsers_and_has_an_extension(self):
        for kind, endings in media_types.EXTENSIONS.items():
            self.assertIn(kind.partition("/")[0], ("video", "audio"))
            self.assertTrue(endings)
            self.assertEqual(file_rules.EXTENSIONS[kind], endings)

    def test_damaged_and_endless_files_are_answered_at_once(self):
        chance = random.Random(19)
        samples = [
            make_movie(b"mp42", [b"soun"] * 3),
            make_webm((2, 2), unknown=True),
            make_ogg(b"OpusHead" + bytes(20)),
            make_mp3(tag=make_tag(50)),
        ]
        for content in samples:
            for _number in range(500):
                damaged = bytearray(content[: chance.randrange(1, len(content) + 1)])
                for _change in range(chance.randrange(4)):
                    damaged[chance.randrange(len(damaged))] = chance.randrange(256)
                kind = self.guess(bytes(damaged))
                self.assertTrue(kind is None or kind in file_rules.EXTENSIONS)
        many = 300_000
        endless = make_movie(b"mp42") + make_box(b"moov", make_box(b"trak") * many)
        with self.assertQueryCount(0):
            self.assertEqual(self.guess(endless), "video/mp4")
        nested = make_element("1a45dfa3", make_element("4282", b"webm"))
        nested += b"\x18\x53\x80\x67\x01" + b"\xff" * 7 + b"\x16\x54\xae\x6b\xff" * many
        self.assertEqual(self.guess(nested), "video/webm")
